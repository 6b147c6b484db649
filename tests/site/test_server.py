"""The server of the site: on this machine only, and a port that cannot be had is one line before anything is built."""

import socket
import threading
import urllib.request

import pytest

from gru_book.cli import main
from gru_book.errors import BookError
from gru_book.files import CHECKOUT
from gru_book.site.server import HOST, check_port, listen


def test_it_serves_the_folder_to_this_machine_alone(tmp_path):
    (tmp_path / "index.html").write_text("the site")
    with listen(0, tmp_path) as server:
        assert server.server_address[0] == HOST == "127.0.0.1"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with urllib.request.urlopen(f"http://{HOST}:{server.server_port}/") as answer:
            assert answer.read() == b"the site"
        server.shutdown()
        thread.join()


def test_a_port_that_is_used_is_named_before_anything_is_built(monkeypatch, capsys):
    for name in ("gru_book.pipeline.execute.bring_up_to_date", "gru_book.site.build.build"):
        monkeypatch.setattr(name, lambda *_: pytest.fail("must not be done"))
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["serve", str(port)]) == 2
    error = capsys.readouterr().err
    assert error == (f"gru-book: port {port} is in use by another program; give another, as in: make serve PORT=8001\n")


def test_ports():
    assert [check_port(text) for text in ("0", "1", "8000", "65535")] == [0, 1, 8000, 65535]
    for text in ("", " ", "65536", "99999", "-1", "8000.0", "²", "٨", "8 0", "x", "1" * 50):
        with pytest.raises(BookError, match="port is .*; allowed: 1 to 65535"):
            check_port(text)


def test_make_serve_leaves_the_port_to_the_command():
    assert "gru-book serve $(if $(PORT),'$(PORT)')" in (CHECKOUT / "Makefile").read_text(encoding="utf-8")
