"""The words of `gru-book tune`."""

import pytest

from gru_book.errors import TuningError
from gru_book.tuning.command import address_of


@pytest.mark.parametrize("text", ["127.0.0.1", "127.0.0.1:", ":5000", "127.0.0.1:70000", "127.0.0.1:http"])
def test_an_address_is_host_and_port(text):
    with pytest.raises(TuningError, match="allowed: HOST:PORT"):
        address_of(text)


def test_a_public_address_needs_to_be_asked_for():
    assert address_of("127.0.0.1:5000") == ("127.0.0.1", 5000)
    assert address_of("localhost:0") == ("localhost", 0)
    for address in ("0.0.0.0:5000", "192.0.2.1:5000"):
        with pytest.raises(TuningError, match=r"has no password: whoever reaches the port .* --public"):
            address_of(address)
    assert address_of("0.0.0.0:5000", public=True) == ("0.0.0.0", 5000)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["orignal"], "search is 'orignal' (did you mean 'original'?); allowed: original, fast, or module:function"),
        (["nowhere:search"], "search is 'nowhere:search', which cannot be imported"),
        (["toy_search:toy", "--workers", "0"], "workers is 0; allowed: 1 to 256, and 0 for a --chief"),
        (["toy_search:toy", "--workers", "-1"], "workers is -1; allowed"),
        (["toy_search:toy", "--max-epochs", "0"], "max_epochs = 0 is not allowed; allowed: [1..1000000]"),
        (["toy_search:toy", "--factor", "1"], "factor = 1 is not allowed; allowed: [2..1000]"),
        (["toy_search:empty"], "the space of search 'empty' is empty"),
        (["toy_search:toy", "-p", "wides", "3"], "-p wides (did you mean 'widest'?): the search has no such"),
        (["toy_search:toy", "-p", "widest", "x"], "-p widest must be of type int, not 'x'; allowed: whole numbers"),
        (["toy_search:toy", "--worker", "a"], "worker without chief: give --chief HOST:PORT too"),
        (
            ["toy_search:toy", "--chief", "127.0.0.1:9", "--worker", "my chief"],
            "worker is 'my chief'; allowed: ",
        ),
        (
            ["toy_search:toy", "--chief", "0.0.0.0:5000"],
            "chief is '0.0.0.0:5000', an address that other",
        ),
    ],
)
def test_the_command_names_what_is_wrong(words, message, tmp_path, capsys):
    from gru_book.cli import main

    assert main(["tune", *words, "--folder", str(tmp_path / "search")]) == 2
    assert capsys.readouterr().err.startswith(f"gru-book: {message}")
