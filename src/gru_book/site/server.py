"""The site on this machine: a server that only this machine reaches."""

import errno
import http.server
from functools import partial
from pathlib import Path

from gru_book.errors import BookError, one_line

HOST, PORT = "127.0.0.1", 8000


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_request(self, code="-", size="-") -> None:
        """Say nothing of a request that went well."""


def check_port(text: str) -> int:
    """Return the number of a port; raise `BookError` where `text` is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise BookError(f"port is {text!r}; allowed: 1 to 65535, or 0 for any free one")
    return int(text)


def listen(port: int, folder: Path) -> http.server.ThreadingHTTPServer:
    """Return a server for `folder` that holds the port; raise `BookError` where it cannot be had."""
    try:
        return http.server.ThreadingHTTPServer((HOST, port), partial(_Quiet, directory=str(folder)))
    except OSError as error:
        why = "is in use by another program" if error.errno == errno.EADDRINUSE else f"cannot be had: {one_line(error)}"
        raise BookError(f"port {port} {why}; give another, as in: make serve PORT={PORT + 1}") from None
