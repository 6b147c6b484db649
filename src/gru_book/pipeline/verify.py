"""Is what was published still what today's code makes? A page is executed again, of a study some cases are run again.

Where all is equal, times apart, the record is renewed without changing a published number, and says how that was
verified. So a helper can be rewritten for the price of a run, and nobody has to believe that nothing changed. Where the
processor here rounds otherwise than that of the published run, both sides can be run here: the code of today and that
of an older revision.
"""

import base64
import contextlib
import importlib
import io
import json
import os
import random
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from matplotlib.image import imread
from tqdm.auto import tqdm

from gru_book import files
from gru_book.errors import BookError, one_line
from gru_book.files import CHECKOUT, hash_files
from gru_book.pipeline import outputs, provenance, study
from gru_book.pipeline.execute import execute, refreshed, work_folder, write_notebook
from gru_book.pipeline.pages import Page

NOT_COMPARED = "nbval-ignore-output"  # the tag of cells that show times

TIME = re.compile(r"seconds|minutes|milliseconds")  # in the name of what an artifact holds


def verify_page(page: Page, before: Path | None = None) -> str:
    """Execute `page` again and compare all that it shows and writes; renew its record, and say what was compared.

    The comparison is with what is published, or, with the root of an older checkout `before`, with what that makes on
    this machine: other processors round otherwise. Raises `BookError` naming the first difference; nothing changes.
    """
    published = page.read_notebook()
    if published is None or "provenance" not in published.metadata:
        raise BookError(f"page {page.name} has nothing to verify: it has never been executed; run: make book")
    if damage := provenance.damage(page, published):
        raise BookError(f"page {page.name} cannot be verified: {damage}; execute it")
    inputs = provenance.page_inputs(page)
    with work_folder(page.root, page.name) as folder:
        new, old, artifacts = execute(page, {}, folder), published, page.artifacts
        if before:
            old, artifacts = _executed_before(page, before, folder)
        compared = compare_outputs(page.name, old, new)
        _compare_artifacts(page.name, artifacts, folder / "artifacts" / page.name)
        if provenance.page_inputs(page) != inputs:
            raise BookError(f"page {page.name}: its manuscript, helpers or artifacts were edited while it ran")
        made = {name: published.metadata["provenance"][name] for name in ("writes", "outputs")}
        how = f"executed again{_with(before)}: {compared}"
        published.metadata["provenance"] = {**inputs, **made, "verified": how}
        write_notebook(page, refreshed(page, published))
    return compared


def _with(before: Path | None) -> str:
    return f" with the code of today and of {before.name}" if before else ""


def _executed_before(page: Page, before: Path, folder: Path) -> tuple[nbformat.NotebookNode, Path]:
    """Execute `page` as the checkout `before` has it; return its notebook and the folder of its artifacts."""
    if provenance.page_state(Page(page.name, before))[0] != "fresh":
        raise BookError(f"page {page.name} is not fresh in {before.name} either; name a revision in which it is")
    output = folder / "before.ipynb"
    _run_in(before, ["-m", "gru_book.cli", "run", page.name, "-o", str(output)])
    beside = outputs.artifacts_beside(output)
    if not beside.exists():
        beside = output.with_suffix("")  # where revisions before the second edition put them
    return nbformat.read(output, as_version=4), beside / page.name


def _run_in(checkout: Path, arguments: list[str], text: str = "") -> str:
    """Run this Python with the package of another checkout; return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=checkout, env=environment, input=text, capture_output=True, text=True
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise BookError(f"{checkout.name}: {said[-1][:200]}")
    return done.stdout


@contextlib.contextmanager
def checkout_of(revision: str, root: Path = CHECKOUT) -> Iterator[Path]:
    """Yield the root of a checkout of `revision`, under `_runs/tmp/`; raise `BookError` where git knows none."""
    with work_folder(root, "before") as folder:
        name = _git(root, revision, "rev-parse", "--short", "--verify", f"{revision}^{{commit}}")
        place = folder / name.decode().strip()
        place.mkdir()
        with tarfile.open(fileobj=io.BytesIO(_git(root, revision, "archive", place.name))) as tar:
            tar.extractall(place, filter="data")
        yield place


def _git(root: Path, revision: str, *command: str) -> bytes:
    """Return what git prints; raise `BookError` where there is no git, no repository, or no such `revision`."""
    try:
        done = subprocess.run(["git", *command], cwd=root, capture_output=True)
    except OSError as error:
        raise BookError(f"--against {revision!r} needs git, which cannot be run: {one_line(error)}") from None
    if done.returncode:
        said = one_line(done.stderr.decode(errors="replace"))
        raise BookError(f"--against {revision!r} is no commit of this repository ({said})")
    return done.stdout


def compare_outputs(name: str, old: nbformat.NotebookNode, new: nbformat.NotebookNode) -> str:
    """Return how many outputs of two executed notebooks were found equal; raise `BookError` at the first difference."""
    cells = [[cell for cell in notebook.cells if cell.cell_type == "code"] for notebook in (old, new)]
    if len(cells[0]) != len(cells[1]):
        raise BookError(f"page {name}: {len(cells[1])} code cells, published are {len(cells[0])}; execute it")
    count = pictures = 0
    for number, (before, after) in enumerate(zip(*cells, strict=True), 1):
        if NOT_COMPARED in after.metadata.get("tags", []):
            continue
        where = f"page {name}, code cell {number} ({after.source.strip().splitlines()[0][:60]!r})"
        if len(before.outputs) != len(after.outputs):
            raise BookError(f"{where} shows {len(after.outputs)} outputs, published are {len(before.outputs)}")
        for one, other in zip(before.outputs, after.outputs, strict=True):
            if difference := _difference(one, other):
                raise BookError(f"{where}: {difference}")
            count += 1
            pictures += "image/png" in one.get("data", {})
    return f"{count} outputs equal, {pictures} of them pictures"


def _difference(one: dict, other: dict) -> str:
    """Return in words how two outputs differ; an empty text where they do not."""
    one, other = dict(one.get("data", {"": one.get("text")})), dict(other.get("data", {"": other.get("text")}))
    images = [one.pop("image/png", ""), other.pop("image/png", "")]
    if one != other:
        for kind in sorted({*one, *other}):
            lines = [str(data.get(kind, "")).splitlines() for data in (one, other)]
            for before, after in zip(*lines, strict=False):
                if before != after:
                    return f"published {before.strip()[:80]!r}, now {after.strip()[:80]!r}"
        return "its output has another length or kind"
    return "" if images[0] == images[1] or same_picture(*images) else "its picture is another"


def same_picture(one: str, other: str) -> bool:
    """Return whether two PNG images (base64) show the same; processors round the edges of lines differently."""
    pixels = [imread(io.BytesIO(base64.b64decode(image))) if image else np.zeros(0) for image in (one, other)]
    return pixels[0].shape == pixels[1].shape and bool(np.all(np.abs(pixels[0] - pixels[1]) <= 16 / 255))


def _compare_artifacts(page: str, before: Path, made: Path) -> None:
    names = [sorted(hash_files(folder)) for folder in (before, made)]
    if names[0] != names[1]:
        raise BookError(f"page {page} writes {', '.join(names[1]) or 'nothing'}; published: {', '.join(names[0])}")
    for name in names[0]:
        if _without_times(before / name) != _without_times(made / name):
            raise BookError(f"page {page} writes another {name} than the published one")


def _without_times(file: Path) -> object:
    if file.suffix == ".json":
        return _drop_times(json.loads(file.read_text(encoding="utf-8")))
    if file.suffix == ".csv":
        table = pd.read_csv(file, dtype=str)
        return table[[name for name in table if not TIME.search(name)]].to_csv()
    return file.read_bytes()


def _drop_times(value: object) -> object:
    if isinstance(value, dict):
        return {name: _drop_times(inner) for name, inner in value.items() if not TIME.search(name)}
    return [_drop_times(inner) for inner in value] if isinstance(value, list) else value


def verify_study(
    name: str, number: int = 3, seed: int | None = None, root: Path = CHECKOUT, before: Path | None = None
) -> str:
    """Run `number` cases of study `name`, drawn at random, again and compare their rows with the published ones.

    With the root of an older checkout `before` the comparison is with what that makes on this machine. What the module
    lists in `TIMES` (columns, or values of `measure`) differs from run to run and is left out. If all is equal, the
    record is renewed. Raises `BookError` naming the first case that differs.
    """
    study.check_name(name, root)
    record, table = study.read_record(name, root), study.table_path(name, root)
    if not record or provenance.sealed(record) != record or files.sha256(table.read_bytes()) != record["table"]:
        raise BookError(f"study {name} cannot be verified: table and record are not those of a run; run it")
    if before and study.study_state(name, before)[0] != "fresh":
        raise BookError(f"study {name} is not fresh in {before.name} either; name a revision in which it is")
    inputs = study.study_inputs(name, root)
    module = importlib.import_module(f"gru_book.studies.{name}")
    cases, times = module.cases(), getattr(module, "TIMES", ())
    seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    drawn = random.Random(seed).sample(cases, min(number, len(cases)))
    count = 0
    for case in tqdm(drawn, desc=f"verifying study {name}", unit="case", file=sys.stderr):
        now = _comparable(_table(case, module.run_case(**case)), times)
        then = _comparable(_rows_before(name, case, before) if before else _published(table, case, now), times)
        if not now.equals(then):
            raise BookError(f"study {name}: the case {json.dumps(case)} gives other rows than {_source(before)}")
        count += len(now)
    if study.study_inputs(name, root) != inputs:
        raise BookError(f"study {name}: its code was edited while it ran")
    compared = (
        f"{len(drawn)} of {len(cases)} cases (drawn with seed {seed}) run again{_with(before)}: {count} rows equal"
    )
    kept = {key: record[key] for key in ("title", "seconds", "table")}
    study.write_record(name, {**inputs, **kept, "verified": compared}, root)
    return compared


def _source(before: Path | None) -> str:
    return f"with the code of {before.name}" if before else "the published ones"


def _table(case: dict, rows: list[dict]) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(study.as_text([{**case, **row} for row in rows])))


def _published(table: Path, case: dict, now: pd.DataFrame) -> pd.DataFrame:
    rows = pd.read_csv(table)
    for key in case:
        rows = rows[rows[key].map(_as_text) == now[key].iloc[0]]
    return rows


def _rows_before(name: str, case: dict, before: Path) -> pd.DataFrame:
    code = (
        f"import json, sys; from gru_book.studies.{name} import run_case; "
        "rows = run_case(**json.loads(sys.stdin.read())); print('\\n' + json.dumps(rows))"
    )
    printed = _run_in(before, ["-c", code], json.dumps(case))
    return _table(case, json.loads(printed.splitlines()[-1]))


def _as_text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _comparable(rows: pd.DataFrame, times: tuple[str, ...]) -> pd.DataFrame:
    """Return rows as text without times, so that the same figures are equal whatever the types of their columns."""
    kept = rows[[column for column in rows if column not in times]]
    if "measure" in kept:
        kept = kept[~kept["measure"].isin(times)]
    return kept.reset_index(drop=True).astype(object).map(_as_text)
