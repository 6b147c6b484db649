"""What stands beside pages and code: style, lock, workflows, README, and that the commands really are there."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gru_book.environment import VARIABLES
from gru_book.files import CHECKOUT
from gru_book.pipeline.pages import all_pages

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
TARGETS = ("help", "env", "book", "execute", "smoke", "test", "serve", "lab", "edit", "lock", "clean")


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def project_files() -> Iterator[Path]:
    """Yield the files of the project: all but what .gitignore names, so that it works without git as well."""
    ignored = [".git", *(line.rstrip("/") for line in (CHECKOUT / ".gitignore").read_text().split())]
    for folder, folders, files in os.walk(CHECKOUT):
        folders[:] = [name for name in folders if not any(fnmatch(name, pattern) for pattern in ignored)]
        yield from (Path(folder, name) for name in files if not any(fnmatch(name, pattern) for pattern in ignored))


def test_style():
    run(sys.executable, "-m", "ruff", "check", ".")
    run(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_every_declared_package_is_locked_with_hashes():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *extras["tensorflow"], *extras["book"], *extras["test"]]
    entries = re.split(r"\n(?=\S)", (CHECKOUT / "requirements.txt").read_text().strip())
    assert all("--hash=sha256:" in entry for entry in entries)
    locked = {canonicalize_name(r.name): r for r in (Requirement(e.partition("\\")[0].strip()) for e in entries)}
    for text in declared:
        requirement = Requirement(text)
        pin = locked[canonicalize_name(requirement.name)]
        assert str(pin.specifier).startswith("==")
        assert requirement.specifier.contains(str(pin.specifier)[2:]), text


@pytest.mark.parametrize("name", ["test", "publish"])
def test_workflows_follow_githubs_schema(name):
    path = f".github/workflows/{name}.yml"
    run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", path)
    commands = re.findall(r"make (\w+)", (CHECKOUT / path).read_text())
    assert commands
    assert set(commands) <= set(TARGETS)


@pytest.mark.parametrize("name", ["test", "publish"])
def test_actions_are_named_by_the_hash_of_a_commit(name):
    """A tag can be moved to other code, a commit cannot; the version behind it is for people."""
    used = re.findall(r"uses: *(.*)", (CHECKOUT / f".github/workflows/{name}.yml").read_text(encoding="utf-8"))
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@pytest.mark.parametrize("name", ["test", "publish"])
def test_workflows_may_do_little_and_take_no_text_into_a_script(name):
    workflow = yaml.safe_load((CHECKOUT / f".github/workflows/{name}.yml").read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    for job, content in workflow["jobs"].items():
        allowed = {"pages": "write", "id-token": "write"} if job == "deploy" else None
        assert content.get("permissions") == allowed
        for step in content["steps"]:
            assert "${{" not in step.get("run", ""), step


def test_the_published_site_has_the_address_of_its_own_repository():
    workflow = yaml.safe_load((CHECKOUT / ".github/workflows/publish.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["build"]["steps"]
    commands = [step.get("run", "") for step in steps]
    command = '.venv/bin/gru-book address "$REPOSITORY" --revision "$REVISION"'
    assert commands.index("make env") < commands.index(command) < commands.index("make book")
    assert steps[commands.index(command)]["env"] == {
        "REPOSITORY": "https://github.com/${{ github.repository }}",
        "REVISION": "${{ github.sha }}",
    }


def test_ci_calls_what_the_readme_calls():
    assert "make book" in README
    assert "make test" in README
    assert "make test" in (CHECKOUT / ".ci/run").read_text()
    assert (CHECKOUT / ".ci/run").stat().st_mode & 0o111


def test_every_kernel_of_the_book_has_the_same_variables():
    """NumPy's number of threads among them: it decides how sums are rounded, and so what a training ends with."""
    from jupyter_client.kernelspec import get_kernel_spec

    assert get_kernel_spec("python3").env == VARIABLES
    assert VARIABLES["OPENBLAS_NUM_THREADS"] == "1"
    for name in ("Makefile", ".binder/postBuild"):
        assert "python -m gru_book.environment" in (CHECKOUT / name).read_text(encoding="utf-8"), name


def test_help_lists_every_target():
    shown = run("make", "--no-print-directory", "help")
    assert tuple(re.findall(r"^  make (\w+)", shown, flags=re.MULTILINE)) == TARGETS


def test_readme_names_every_page_and_its_links_lead_somewhere():
    for page in all_pages():
        assert f"(notebooks/{page.name}.ipynb)" in README
    texts = {name: (CHECKOUT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md")}
    for name, text in texts.items():
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert target.startswith("https://") or (CHECKOUT / target).exists(), f"{name}: {target}"


def test_what_readers_are_told_to_import_is_there():
    texts = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "book").glob("*.md"))]
    told = [
        (path.name, line)
        for path in texts
        for block in re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        for line in re.findall(r"^(?:from|import) gru_book.*", block, re.MULTILINE)
    ]
    assert len(told) > 5
    for name, line in told:
        try:
            exec(line, {})
        except ImportError as error:
            pytest.fail(f"{name}: {line}: {error}")


def test_no_mark_of_unfinished_work_and_no_path_of_a_machine():
    unfinished = re.compile(r"TO" r"DO|FIX" r"ME|lorem ip" r"sum|NotImplemented" r"Error")
    names = [path.relative_to(CHECKOUT).as_posix() for path in project_files()]
    assert {"README.md", ".github/workflows/test.yml", "src/gru_book/cli.py", "notebooks/21_cell.ipynb"} <= set(names)
    for name in names:
        if name.endswith((".md", ".py", ".yml", ".toml", ".ipynb", "Makefile")):
            text = (CHECKOUT / name).read_text(encoding="utf-8")
            text = re.sub(r'"image/png": "[^"]*"', "", text)  # letters of a picture may spell anything
            assert not unfinished.search(text), name
            assert str(CHECKOUT) + "/" not in text, name
