"""The command line: it refuses in one line, and lists all parameters."""

import pytest

from gru_book.cli import main
from gru_book.files import CHECKOUT
from gru_book.pipeline import provenance
from gru_book.pipeline.pages import all_pages


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "33_imdb"], "unknown page '33_imdb' (did you mean '33_imdb_gru'?)"),
        (["verify", "studies/paddin"], "unknown study 'paddin' (did you mean 'padding'?)"),
        (["run", "33_imdb"], "unknown page '33_imdb' (did you mean '33_imdb_gru'?); pages: 11_tour"),
        (["run", "33_imdb_gru", "-p", "epoch", "2"], "unknown parameter 'epoch' (did you mean 'epochs'?)"),
        (["run", "33_imdb_gru", "-p", "epochs", "many"], "epochs must be of type int, not 'many'"),
        (["run", "33_imdb_gru", "-p", "epochs", "0"], "epochs = 0 is not allowed; allowed: [1..1000]"),
        (["run", "33_imdb_gru", "-p", "units", "-1"], "units = -1 is not allowed"),
        (["run", "33_imdb_gru", "-p", "source", ""], "source = '' is not allowed; allowed: [package | keras | folder]"),
        (["run", "33_imdb_gru", "-f", "smok"], "unknown profile 'smok'"),
        (["execute", "nothing"], "unknown page 'nothing'"),
        (["study", "nothing"], "unknown study 'nothing'"),
        (["address", "github.com/a/b"], "url is 'github.com/a/b'; it must be https://HOST/OWNER/NAME"),
    ],
)
def test_the_command_line_refuses_in_one_line(arguments, said, capsys):
    before = provenance.hash_files(CHECKOUT / "notebooks")
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("gru-book: ")
    assert said in error
    assert error.count("\n") == 1
    assert provenance.hash_files(CHECKOUT / "notebooks") == before


def test_list_shows_every_parameter(capsys):
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    for page in all_pages():
        assert page.name in shown
        for parameter in page.parameters().values():
            assert parameter.meaning in shown
