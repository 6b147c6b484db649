"""What stands beside pages and code: style, lock, workflows, README, and that the commands really are there."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gru_book.pipeline.pages import ROOT, all_pages

README = (ROOT / "README.md").read_text(encoding="utf-8")
TARGETS = ("help", "env", "book", "execute", "smoke", "test", "serve", "lab", "edit", "lock", "clean")


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_style():
    run(sys.executable, "-m", "ruff", "check", ".")
    run(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_every_declared_package_is_locked_with_hashes():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *extras["tensorflow"], *extras["book"], *extras["test"]]
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.txt").read_text().strip())
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
    commands = re.findall(r"make (\w+)", (ROOT / path).read_text())
    assert commands
    assert set(commands) <= set(TARGETS)


def test_ci_calls_what_the_readme_calls():
    assert "make book" in README
    assert "make test" in README
    assert "make test" in (ROOT / ".ci/run").read_text()
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_every_kernel_of_the_book_has_the_same_variables():
    """NumPy's number of threads among them: it decides how sums are rounded, and so what a training ends with."""
    from jupyter_client.kernelspec import get_kernel_spec

    here = get_kernel_spec("python3").env
    assert here["OPENBLAS_NUM_THREADS"] == "1"
    for name in ("Makefile", ".binder/postBuild"):
        assert dict(re.findall(r"--env (\w+) (\w+)", (ROOT / name).read_text(encoding="utf-8"))) == here, name


def test_help_lists_every_target():
    shown = run("make", "--no-print-directory", "help")
    assert tuple(re.findall(r"^  make (\w+)", shown, flags=re.MULTILINE)) == TARGETS


def test_readme_names_every_page_and_its_links_lead_somewhere():
    for page in all_pages():
        assert f"(notebooks/{page.name}.ipynb)" in README
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md")}
    for name, text in texts.items():
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert target.startswith("https://") or (ROOT / target).exists(), f"{name}: {target}"


def test_one_address():
    address = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]
    owner = "/".join(address.split("/")[:4])
    files = run("git", "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    for name in files:
        if name.endswith((".md", ".yml", ".cff", ".toml", ".ipynb")):
            for found in re.findall(rf"{owner}/[\w.-]+", (ROOT / name).read_text(encoding="utf-8")):
                assert found == address, f"{name}: {found}"
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["repository-code"] == address


def test_setting_another_address(tmp_path, monkeypatch, capsys):
    from gru_book.pipeline import cli, pages

    for name in ("_config.yml", "CITATION.cff", "README.md"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    assert cli.main(["address", "https://example.org/someone/fork"]) == 0
    capsys.readouterr()
    assert cli.main(["address"]) == 0
    assert capsys.readouterr().out == "https://example.org/someone/fork\n"
    assert "gru-book/gru-book" not in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_no_mark_of_unfinished_work_and_no_path_of_a_machine():
    files = run("git", "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    unfinished = re.compile(r"TO" r"DO|FIX" r"ME|lorem ip" r"sum|NotImplemented" r"Error")
    for name in files:
        if name.endswith((".md", ".py", ".yml", ".toml", ".ipynb", "Makefile")):
            text = (ROOT / name).read_text(encoding="utf-8")
            assert not unfinished.search(text), name
            assert str(ROOT) + "/" not in text, name
