"""The examples of how_to_use run."""

import re

import numpy as np

from gru_book.files import CHECKOUT
from gru_book.tuning.results import trials_table
from gru_book.tuning.tuner import run_search


def test_its_example_of_layers_runs(capsys):
    text = (CHECKOUT / "book/how_to_use.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    names = {}
    exec(code, names)
    shares = [float(share) for share in capsys.readouterr().out.strip("[] \n").split()]
    assert 1 > shares[0] > shares[1] > shares[2] > 0.1
    assert set(names["in_torch"]) == {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"}


def test_its_example_of_tokens_prints_what_it_says(capsys):
    text = (CHECKOUT / "book/how_to_use.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[2]
    exec(code)
    assert f"# {capsys.readouterr().out}" in code


def test_its_example_of_a_search_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    text = (CHECKOUT / "book" / "how_to_use.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[1]
    x, y = np.zeros((4, 3, 1)), np.zeros(4)
    names = {"arrays": (x, y, x, y)}
    exec(code.replace("...  # your arrays", "arrays"), names)
    run_search(names["mine"](max_epochs=1, method="random", max_trials=1), tmp_path / "search")
    assert trials_table(tmp_path / "search")["val_mae"].notna().all()
