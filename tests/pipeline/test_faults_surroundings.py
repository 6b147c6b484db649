"""Surroundings: no home folder, full disks, closed streams, kills, no git: one line, nothing half in place."""

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gru_book import progress
from gru_book.cli import main
from gru_book.environment import replace_home
from gru_book.errors import BookError
from gru_book.files import WRITING, check_room, runs_folder
from gru_book.pipeline import execute, provenance, verify
from gru_book.pipeline.execute import sweep_up, work_folder
from gru_book.pipeline.pages import all_pages, find_page
from pretence import all_files
from small_book import FIRST, printed, write_page

NOWHERE = "/proc/nowhere"  # a home folder that nobody can make, not even root


def gru_book(root: Path, *arguments: str, before=None, **options) -> subprocess.CompletedProcess:
    """Run the command line of the book in `root`; `before` is called in the new process first."""
    command = [sys.executable, "-m", "gru_book.cli", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(command, cwd=root, text=True, preexec_fn=before, **pipes)


def one_line(said: str) -> str:
    (line,) = [line for line in said.replace("\r", "\n").splitlines() if "cell/s" not in line and line.strip()]
    assert line.startswith("gru-book: ")
    return line


# ---- no home folder


def test_a_page_with_figures_runs_without_a_home_folder(published, monkeypatch):
    """Matplotlib warns on stderr where it finds no place for its list of fonts, and a page that does is refused."""
    write_page(published, "01_first", FIRST + "\n\nimport matplotlib.pyplot as plt\n\nplt.figure()\nplt.close()")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, NOWHERE)
    done = gru_book(published, "run", "01_first", "-p", "number", "4")
    assert done.returncode == 0, done.stderr
    assert printed(published / "_runs/01_first-number_4.ipynb").endswith("8\n")
    assert list((published / "_runs/cache/matplotlib").glob("fontlist-*.json"))
    assert "home" not in done.stderr.lower()


def test_a_home_folder_that_can_be_written_stays_the_home(tmp_path, monkeypatch):
    names = ("MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")
    for name in names:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    replace_home()
    assert not [name for name in names if name in os.environ]
    monkeypatch.setenv("HOME", NOWHERE)
    replace_home()
    assert all(os.environ[name].startswith(str(runs_folder() / "cache")) for name in names)
    assert (runs_folder() / "cache").is_dir()  # IPython warns where the folder above its own is missing


# ---- full and read-only disks


def limit(size: int):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("arguments", [["run", "01_first"], ["execute", "01_first"], ["smoke"], ["lab"], ["execute"]])
def test_a_disk_without_room_is_noticed_before_any_work(published, arguments):
    write_page(published, "01_first", "print(1)")
    before = all_files(published)
    done = gru_book(published, *arguments, before=limit(2**19))
    assert done.returncode == 2
    assert "File too large" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert "cell/s" not in done.stderr
    assert all_files(published) == before


def test_a_disk_that_fills_up_during_a_page_is_one_line_and_changes_nothing(published):
    code = "with open('../large', 'wb') as file:\n    file.write(b'x' * 3_000_000)"
    write_page(published, "01_first", code)
    before = all_files(published)
    done = gru_book(published, "execute", before=limit(2**21))
    assert done.returncode == 2
    said = done.stderr.splitlines()[-1]
    assert "page 01_first, code cell 2 " in said
    assert "File too large" in said
    assert "_runs/failed/01_first.ipynb" in said
    assert "Traceback" not in done.stderr
    assert {name: text for name, text in all_files(published).items() if name != "large"} == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_folder_that_cannot_be_written_is_named_before_any_work(number, monkeypatch, capsys, tmp_path):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("gru_book.files.tempfile.TemporaryFile", refuse)
    monkeypatch.setattr(execute, "execute", lambda *_: pytest.fail("must not run"))
    with pytest.raises(BookError, match=os.strerror(number)):
        check_room(tmp_path)
    for arguments in (["run", "21_cell"], ["run", "21_cell", "-o", str(tmp_path / "out.ipynb")], ["lab"], ["smoke"]):
        assert main(arguments) == 2
        assert os.strerror(number) in one_line(capsys.readouterr().err)


def test_an_error_of_the_operating_system_is_one_line_whatever_raises_it(monkeypatch, capsys):
    def fail(options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/file")

    monkeypatch.setattr("gru_book.cli._verify", fail)
    assert main(["verify"]) == 2
    said = one_line(capsys.readouterr().err)
    assert said.startswith("gru-book: No space left on device: /somewhere/file; records of what is named above are")


def test_progress_that_cannot_be_noted_stops_nothing(monkeypatch):
    monkeypatch.setenv(progress.CHANNEL, "/dev/full")
    progress.send("line", "text")
    monkeypatch.setenv(progress.CHANNEL, "/nowhere/channel")
    progress.send("state", "text")


# ---- closed and full streams


def test_a_reader_who_stops_reading_ends_it_quietly(published):
    read, write = os.pipe()
    os.close(read)
    done = gru_book(published, "list", stdout=write)
    os.close(write)
    assert done.returncode == 128 + signal.SIGPIPE
    assert done.stderr == ""


def test_an_output_without_room_is_one_line(published):
    with open("/dev/full", "w") as full:
        done = gru_book(published, "list", stdout=full)
        assert done.returncode == 2
        assert one_line(done.stderr) == "gru-book: No space left on device; nothing was changed"
        assert gru_book(published, "nonsense", stderr=full).returncode == 2


@pytest.mark.parametrize("closed", [[1], [2], [0, 1, 2]])
def test_closed_streams_are_no_matter(published, closed):
    def close():
        for number in closed:
            os.close(number)

    assert gru_book(published, "list", before=close).returncode == 0
    assert gru_book(published, "nonsense", before=close).returncode == 2
    assert gru_book(published, "run", "01_first", before=close).returncode == 0  # its kernel inherits them
    assert (published / "_runs/01_first.ipynb").is_file()


def test_a_terminal_of_few_characters_gets_what_it_can_show(published):
    text = (published / "book/01_first.md").read_text()
    (published / "book/01_first.md").write_text(text.replace("what is counted", "was gezählt wird → 好"))
    done = gru_book(published, "list", env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 0, done.stderr
    assert "was gez\\xe4hlt wird \\u2192 \\u597d" in done.stdout


# ---- kills

# Kills one process after the other, each at a later one of the steps that touch the notebooks, until one survives.
KILLED = """
import shutil, signal, sys
from pathlib import Path

import pytest

from gru_book.files import write_texts
from gru_book.pipeline import execute, provenance
from gru_book.pipeline.pages import find_page
from killing import killed_at
from pretence import all_files, pretend_to_run

root, what = Path(sys.argv[1]), sys.argv[2]
page, notebooks, backup = find_page("01_first", root), root / "notebooks", root / "_runs" / "backup"
texts = {notebooks / name: "new" for name in ("a", "b", "c")}
act = {"publish": lambda: execute.publish(page), "write_texts": lambda: write_texts(texts)}[what]
pretend_to_run(pytest.MonkeyPatch(), shows="7\\n")
for path in texts:
    path.write_text("old")
shutil.copytree(notebooks, backup)


def restore():
    shutil.rmtree(notebooks)
    shutil.copytree(backup, notebooks)


old = all_files(root)
assert killed_at(0, notebooks, act) == 0
new = all_files(root)
restore()
kills = litter = 0
while status := killed_at(kills + 1, notebooks, act):
    assert status == signal.SIGKILL
    kills += 1
    litter += any(".gru-book-" in name for name in all_files(root))
    execute.sweep_up(root)
    now = all_files(root)
    assert {*now} == {*old}, ({*now} ^ {*old}, kills)
    assert all(now[name] in (old[name], new[name]) for name in now), kills
    assert not list((root / "_runs/tmp").glob("*"))
    if what == "publish":
        assert now in (old, new) or provenance.page_state(page)[0] == "stale", kills
        execute.bring_up_to_date([page])
        assert provenance.page_state(page) == ("fresh", "")
    restore()
assert not any(".gru-book-" in name for name in all_files(root))
print(kills, litter)
"""


@pytest.mark.parametrize("what", ["publish", "write_texts"])
def test_a_kill_at_any_step_leaves_the_old_or_the_new_and_no_litter(published, what):
    tests = os.pathsep.join([str(published / "src"), str(Path(__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, published, what],
        env={**os.environ, "PYTHONPATH": tests},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    kills, litter = map(int, done.stdout.split()[-2:])
    assert kills > 10
    assert litter > 3  # else nothing was swept, and the test shows nothing


def test_only_what_a_dead_process_of_ours_left_is_swept(book):
    with work_folder(book, "living") as living:
        parent = living.parent
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        ours, theirs = parent / f"01_first-{dead.pid}", parent / f"thesis-{dead.pid}"
        for folder in (ours, theirs):
            folder.mkdir()
            (folder / "notes.txt").write_text("words")
        (ours / execute.WORK).touch()
        (book / f"notebooks/{WRITING}notes.txt").write_text("mine")
        (book / f"notebooks/{WRITING}mine").mkdir()
        (book / f"notebooks/{WRITING}mine/notes.txt").write_text("mine")
        (book / "notebooks/.01_first.12345").mkdir()
        sweep_up(book)
        assert not ours.exists()
        assert (theirs / "notes.txt").is_file()
        assert living.is_dir()
        assert (book / f"notebooks/{WRITING}notes.txt").is_file()
        assert (book / f"notebooks/{WRITING}mine/notes.txt").is_file()
        assert (book / "notebooks/.01_first.12345").is_dir()
    assert not living.exists()


# ---- no git


def test_without_git_or_a_repository_or_the_revision_it_is_one_line(book, monkeypatch):
    for revision, path, said in (
        ("HEAD", "/nowhere", "needs git, which cannot be run"),
        ("HEAD", os.environ["PATH"], "is no commit of this repository"),
        ("--help", os.environ["PATH"], "is no commit of this repository"),
        ("", os.environ["PATH"], "is no commit of this repository"),
    ):
        monkeypatch.setenv("PATH", path)
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(book.parent))
        with pytest.raises(BookError) as error, verify.checkout_of(revision, book):
            pass
        assert said in str(error.value)
        assert "\n" not in str(error.value)


def test_a_book_in_no_repository_does_all_but_compare_with_revisions(published, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(published.parent))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(all_pages, "__defaults__", (published,))
    assert [provenance.page_state(page) for page in all_pages()] == [("fresh", "")] * 2
    assert gru_book(published, "list").returncode == 0


# ---- the link of a folder


def test_a_book_whose_runs_lie_on_another_disk(published, tmp_path):
    """A link to a folder of another file system, where there is one: artifacts are copied, compared, renamed."""
    there = Path("/dev/shm") if Path("/dev/shm").is_dir() else tmp_path
    folder = there / f"gru-book-test-{os.getpid()}"
    folder.mkdir()
    try:
        (published / "_runs").rename(tmp_path / "runs_before")
        (published / "_runs").symlink_to(folder)
        page = find_page("01_first", published)
        execute.publish(page)
        assert provenance.page_state(page) == ("fresh", "")
        assert execute.run(page, {"number": 4}, published / "out.ipynb").is_file()
    finally:
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        folder.rmdir()
