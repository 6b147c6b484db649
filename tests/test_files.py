"""Files: a result replaces nothing but what we made, is whole or not there, and leaves no litter."""

import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gru_book import files
from gru_book.errors import BookError, OutputError
from gru_book.files import MARKER, WRITING, claim, replace, replacing, sweep, write_json, write_text

OURS = "made by this test\n"


def is_ours(place: Path) -> bool:
    """A file that begins with our line, or a folder of nothing but such files."""
    if place.is_dir():
        return all(is_ours(inside) and inside.is_file() for inside in place.iterdir())
    return place.read_text().startswith(OURS)


def claimed(place):
    return claim(place, "a thing of ours", is_ours, "-o")


def put_file(place, text="new"):
    with replacing(place, "a thing of ours", is_ours, "-o") as new:
        new.write_text(OURS + text)


def put_text(place, text="new"):
    write_text(place, OURS + text)


def put_folder(place, text="new"):
    with replacing(place, "a thing of ours", is_ours, "-o") as new:
        new.mkdir()
        (new / "a.txt").write_text(OURS + text)


def everything(folder: Path) -> dict:
    return {str(p.relative_to(folder)): p.read_text() if p.is_file() else None for p in sorted(folder.rglob("*"))}


def foreign(tmp_path) -> dict[str, Path]:
    """Places that are not ours, by what the message says of them."""
    (tmp_path / "file.txt").write_text("a thesis")
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed/a.txt").write_text(OURS)
    (tmp_path / "mixed/notes.txt").write_text("years of work")
    (tmp_path / "nested/inner").mkdir(parents=True)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/a.txt").symlink_to("nowhere")
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    (tmp_path / "ours.txt").write_text(OURS)
    (tmp_path / "link").symlink_to("ours.txt")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "folder_link").symlink_to("mixed")
    os.mkfifo(tmp_path / "pipe")
    return {
        "a file that is not a thing of ours": tmp_path / "file.txt",
        "a folder that holds anything but a thing of ours": tmp_path / "mixed",
        "a folder that holds anything": tmp_path / "nested",
        "a folder that holds": tmp_path / "broken",
        "a file that is not": tmp_path / "binary",
        "a link": tmp_path / "link",
        "a link;": tmp_path / "dangling",
        "a link; allowed": tmp_path / "folder_link",
        "no plain file or folder": tmp_path / "pipe",
        "no plain file": Path("/dev/null"),
        "the name of no new file or folder": tmp_path / "..",
        "the name of no new": Path("/"),
        "the name of": Path("."),
        "which is no folder": tmp_path / "file.txt/deeper/still",
        "is no folder": tmp_path / "dangling/new",
        "a name longer than the 255 bytes": tmp_path / ("x" * 256),
        "a name longer than": tmp_path / ("ü" * 128) / "new",
        "File name too long": tmp_path / "/".join(["x" * 250] * 16),
        "null byte": tmp_path / "a\0b",
        "surrogates not allowed": tmp_path / "\ud83d",
        "where nothing can be written": Path("/proc/new"),
        "where nothing can": Path("/sys/new"),
    }


@pytest.mark.parametrize("put", [claimed, put_file, put_folder])
def test_nothing_is_destroyed_that_we_did_not_make(tmp_path, put):
    places = foreign(tmp_path)
    before = everything(tmp_path / "mixed"), (tmp_path / "file.txt").read_text(), sorted(os.listdir(tmp_path))
    for words, place in places.items():
        with pytest.raises(OutputError) as error:
            put(place)
        said = str(error.value)
        assert words in said, said
        assert said.startswith("-o is "), said
        assert "allowed: a new place, or a thing of ours" in said
        assert "\n" not in said
    assert (everything(tmp_path / "mixed"), (tmp_path / "file.txt").read_text(), sorted(os.listdir(tmp_path))) == before


@pytest.mark.parametrize("place", [None, 7, b"bytes", ["a"], object()])
def test_what_is_no_path_is_refused(place):
    with pytest.raises(OutputError, match=r"^-o is .*; allowed: the path of a new place"):
        claimed(place)


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(tmp_path, monkeypatch):
    def refused(**_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files.tempfile, "TemporaryFile", refused)
    with pytest.raises(OutputError, match=r"where nothing can be written \(Permission denied\)"):
        claimed(tmp_path / "new")


def test_the_home_folder_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert claimed("~/new") == tmp_path / "new"
    put_file(Path("~/sub/new"))
    assert everything(tmp_path) == {"sub": None, "sub/new": OURS + "new"}
    with pytest.raises(OutputError, match=r"'~nobody_of_that_name/new', in no home folder"):
        claimed("~nobody_of_that_name/new")


@pytest.mark.parametrize("put", [put_file, put_folder])
@pytest.mark.parametrize("before", [None, put_file, put_folder])
def test_what_we_made_is_replaced_and_nothing_stays_beside(tmp_path, put, before):
    place = tmp_path / "deep/below/place"
    if before:
        before(place, "old")
    put(place)
    put(place, "newer")
    assert OURS + "newer" in everything(place.parent).values()
    assert len(everything(place.parent)) == (1 if put is put_file else 2)


def test_long_names_are_taken_up_to_the_last_byte(tmp_path):
    put_folder(tmp_path / ("x" * 255))
    put_folder(tmp_path / ("x" * 255), "newer")
    assert everything(tmp_path / ("x" * 255)) == {"a.txt": OURS + "newer"}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError(errno.ENOSPC, "No space left on device")])
@pytest.mark.parametrize("before", [None, put_file, put_folder])
def test_work_that_fails_leaves_all_as_it_was(tmp_path, before, error):
    if before:
        before(tmp_path / "place")
    (tmp_path / "place.partial").mkdir()
    there = everything(tmp_path)
    kind = OutputError if isinstance(error, OSError) else error

    def fail():
        with replacing(tmp_path / "place", "a thing of ours", is_ours) as new:
            new.mkdir()
            (new / "half").write_text("half")
            raise error

    with pytest.raises(kind):
        fail()
    assert everything(tmp_path) == there


def test_what_somebody_writes_in_the_meantime_stays(tmp_path):
    put_folder(tmp_path / "place", "old")

    def meanwhile(name):
        with replacing(tmp_path / "place", "a thing of ours", is_ours) as new:
            new.mkdir()
            (tmp_path / "place" / name).write_text("years of work")

    with pytest.raises(OutputError, match="a folder that holds anything but a thing of ours"):
        meanwhile("notes.txt")
    assert everything(tmp_path / "place") == {"a.txt": OURS + "old", "notes.txt": "years of work"}
    assert os.listdir(tmp_path) == ["place"]


def test_a_last_look_follows_the_move(tmp_path, monkeypatch):
    put_folder(tmp_path / "place", "old")
    rename = os.rename

    def late(old, new):
        if Path(old) == tmp_path / "place":
            (tmp_path / "place/notes.txt").write_text("years of work")  # between the check and the move
        rename(old, new)

    monkeypatch.setattr(os, "rename", late)
    with pytest.raises(OutputError, match="has become anything but a thing of ours in the meantime"):
        put_folder(tmp_path / "place")
    assert everything(tmp_path) == {"place": None, "place/a.txt": OURS + "old", "place/notes.txt": "years of work"}


@pytest.mark.parametrize("is_folder", [False, True])
@pytest.mark.parametrize("other_file_system", [False, True])
def test_a_result_comes_from_elsewhere_also_across_file_systems(tmp_path, monkeypatch, is_folder, other_file_system):
    new = tmp_path / "work/made"
    new.parent.mkdir()
    if is_folder:
        put_folder(new)
        (new / "sub").mkdir()
        (new / "sub/b.bin").write_bytes(bytes(range(256)))
    else:
        put_file(new)
    made = sorted(str(path.relative_to(new.parent)) for path in new.rglob("*"))
    rename = os.rename

    def across(old, place):
        if Path(old) == new and other_file_system:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(old, place)

    monkeypatch.setattr(os, "rename", across)
    replace(new, tmp_path / "out/made", "a thing of ours", is_ours)
    place = tmp_path / "out/made"
    assert sorted(str(p.relative_to(tmp_path / "out")) for p in place.rglob("*")) == made
    if is_folder:
        assert (place / "sub/b.bin").read_bytes() == bytes(range(256))
    else:
        assert place.read_text() == OURS + "new"
    assert not new.exists()
    assert os.listdir(tmp_path / "out") == ["made"]


def test_a_copy_that_differs_is_no_result(tmp_path, monkeypatch):
    put_folder(tmp_path / "made")
    put_folder(tmp_path / "out", "old")

    def across(old, place):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    def careless(old, place, **_):
        Path(place).mkdir()
        (Path(place) / "a.txt").write_text(OURS)

    monkeypatch.setattr(os, "rename", across)
    monkeypatch.setattr(files.shutil, "copytree", careless)
    with pytest.raises(OutputError, match="could not be copied unchanged; it lies there still"):
        replace(tmp_path / "made", tmp_path / "out", "a thing of ours", is_ours)
    assert everything(tmp_path / "made") == {"a.txt": OURS + "new"}
    assert everything(tmp_path / "out") == {"a.txt": OURS + "old"}


# Every step that a process takes on files is a place where it can be killed.
KILLS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from killing import killed_at
from test_files import everything, put_file, put_folder, put_text, OURS
from gru_book.files import sweep

folder = Path(sys.argv[1])
put = {"file": put_file, "folder": put_folder, "text": put_text}[sys.argv[3]]
for step in range(1, 200):
    put(folder / "place", "old")
    (folder / "place.partial").mkdir(exist_ok=True)
    killed = killed_at(step, folder, lambda: put(folder / "place", "new"))
    sweep(folder)
    found = everything(folder)
    whole = {"place", "place.partial"} | ({"place/a.txt"} if put is put_folder else set())
    assert set(found) == whole, (step, found)
    assert found["place/a.txt" if put is put_folder else "place"] in (OURS + "old", OURS + "new"), (step, found)
    if not killed:
        print(step - 1)
        break
"""


@pytest.mark.parametrize("kind", ["file", "folder", "text"])
def test_a_kill_at_any_step_leaves_the_old_or_the_new_and_the_next_sweeps_up(tmp_path, kind):
    arguments = [sys.executable, "-c", KILLS, str(tmp_path), str(Path(__file__).parent), kind]
    done = subprocess.run(arguments, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= (2 if kind == "text" else 10)  # so many kills


def test_the_sweep_spares_what_is_not_litter_of_ours(tmp_path):
    (tmp_path / f"{WRITING}mine").mkdir()
    (tmp_path / f"{WRITING}mine/notes.txt").write_text("years of work")
    (tmp_path / f"{WRITING}file").write_text("years of work")
    (tmp_path / f"{WRITING}link").symlink_to(tmp_path / f"{WRITING}mine")
    (tmp_path / "place.partial").mkdir()
    before = everything(tmp_path)
    sweep(tmp_path)
    put_folder(tmp_path / "place")
    assert {name: text for name, text in everything(tmp_path).items() if not name.startswith("place/")} == {
        **before,
        "place": None,
    }


def test_the_sweep_spares_what_a_living_process_writes(tmp_path):
    with replacing(tmp_path / "place", "a thing of ours", is_ours) as new:
        new.write_text(OURS)
        code = "import sys, pathlib, gru_book.files as f; f.sweep(pathlib.Path(sys.argv[1]))"
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
        put_file(tmp_path / "other")
        assert new.read_text() == OURS
        assert (new.parent.parent / MARKER).is_file()
    assert sorted(os.listdir(tmp_path)) == ["other", "place"]


AT_ONCE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_files import put_folder
for number in range(40):
    put_folder(Path(sys.argv[1]) / "place", f"{sys.argv[3]} {number}")
"""


def test_two_at_once_leave_one_whole_result(tmp_path):
    code = textwrap.dedent(AT_ONCE)
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parent), name], stderr=-1)
        for name in ("first", "second")
    ]
    for process in both:
        _, said = process.communicate()
        assert process.returncode == 0, said.decode()
    assert set(everything(tmp_path)) == {"place", "place/a.txt"}
    assert everything(tmp_path)["place/a.txt"].endswith("39")


def test_a_text_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_json(path, {"word": "old"})
    write_json(path, {"word": "half \ud83d"})
    assert files.json.loads(path.read_text(encoding="utf-8")) == {"word": "half \ud83d"}

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(BookError, match=r"cannot write .*a.json: No space left on device"):
        write_text(path, "new")
    assert os.listdir(tmp_path) == ["a.json"]
