"""Files: written in one step."""

import contextlib
import json
from pathlib import Path

from gru_book.files import write_json


def test_a_kill_in_the_middle_of_writing_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "oracle.json"
    write_json(path, {"trials": 1})

    def killed(self, text, **_):
        with open(self, "w") as file:
            file.write(text[:5])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, contextlib.suppress(KeyboardInterrupt):
        patched.setattr(Path, "write_text", killed)
        write_json(path, {"trials": 2})
    assert json.loads(path.read_text()) == {"trials": 1}
