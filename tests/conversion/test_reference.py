"""The records of what frameworks computed: whole, and still what the installed ones compute."""

import importlib.util
import subprocess
import sys

import pytest

from gru_book.conversion import reference
from gru_book.files import CHECKOUT

SCRIPTS = CHECKOUT / "tools/reference"


# PyPI's torch is a CUDA build of several GB: no dependency, but where it is installed its record is checked too.
RECORDED = ["make_onnx.py"] + ["make_torch.py"] * (importlib.util.find_spec("torch") is not None)


@pytest.mark.parametrize("script", RECORDED)
def test_the_records_are_what_the_installed_framework_computes(script):
    done = subprocess.run([sys.executable, SCRIPTS / script], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_record_that_was_changed_is_refused(monkeypatch):
    monkeypatch.setitem(reference.RECORDS, "onnx_gru", "0" * 64)
    with pytest.raises(ValueError, match=r"onnx_gru.npz is not the recorded file"):
        reference.load("onnx_gru")
