"""Is what was published still what today's code makes? A page is executed again, of a study some cases are run again.

Where all is equal, times apart, the record is renewed without changing a published number, and says how that was
verified. So a helper can be rewritten for the price of a run, and nobody has to believe that nothing changed.
"""

import base64
import importlib
import io
import json
import random
import re
import sys
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from matplotlib.image import imread
from tqdm.auto import tqdm

from gru_book.pipeline import provenance, study
from gru_book.pipeline.errors import BookError
from gru_book.pipeline.execute import as_text, execute, refreshed, replace_text, work_folder
from gru_book.pipeline.pages import ROOT, Page

NOT_COMPARED = "nbval-ignore-output"  # the tag of cells that show times
TIME = re.compile(r"seconds|minutes|milliseconds")  # in the name of what an artifact holds


def verify_page(page: Page) -> str:
    """Execute `page` again and compare all that it shows and writes; renew its record, and say what was compared.

    Raises `BookError` naming the first difference; then nothing is changed.
    """
    old = page.read_notebook()
    if old is None or "provenance" not in old.metadata:
        raise BookError(f"page {page.name} has nothing to verify: it has never been executed; run: make book")
    if damage := provenance.damage(page, old):
        raise BookError(f"page {page.name} cannot be verified: {damage}; execute it")
    inputs = provenance.page_inputs(page)
    with work_folder(page.root, page.name) as folder:
        new = execute(page, {}, folder)
        compared = compare_outputs(page.name, old, new)
        _compare_artifacts(page, folder / "artifacts" / page.name)
        if provenance.page_inputs(page) != inputs:
            raise BookError(f"page {page.name}: its manuscript, helpers or artifacts were edited while it ran")
        made = {name: old.metadata["provenance"][name] for name in ("writes", "outputs")}
        old.metadata["provenance"] = provenance.sealed({**inputs, **made, "verified": f"executed again: {compared}"})
        replace_text(page.notebook, as_text(refreshed(page, old)))
    return compared


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


def _compare_artifacts(page: Page, made: Path) -> None:
    names = [sorted(provenance.hash_files(folder)) for folder in (page.artifacts, made)]
    if names[0] != names[1]:
        raise BookError(f"page {page.name} writes {', '.join(names[1]) or 'nothing'}; published: {', '.join(names[0])}")
    for name in names[0]:
        if _without_times(page.artifacts / name) != _without_times(made / name):
            raise BookError(f"page {page.name} writes another {name} than the published one")


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


def verify_study(name: str, number: int = 3, seed: int | None = None, root: Path = ROOT) -> str:
    """Run `number` cases of study `name`, drawn at random, again and compare their rows with the published ones.

    What the module lists in `TIMES` (columns, or values of `measure`) differs from run to run and is left out. If all
    is equal, the record is renewed. Raises `BookError` naming the first case that differs.
    """
    study.check_name(name, root)
    record, table = study.read_record(name, root), study.table_path(name, root)
    if not record or provenance.sealed(record) != record or provenance.sha256(table.read_bytes()) != record["table"]:
        raise BookError(f"study {name} cannot be verified: table and record are not those of a run; run it")
    inputs = study.study_inputs(name, root)
    module = importlib.import_module(f"gru_book.studies.{name}")
    published, cases = pd.read_csv(table), module.cases()
    seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    drawn = random.Random(seed).sample(cases, min(number, len(cases)))
    rows = 0
    for case in tqdm(drawn, desc=f"verifying study {name}", unit="case", file=sys.stderr):
        made = pd.read_csv(io.StringIO(study.as_text([{**case, **row} for row in module.run_case(**case)])))
        before = published
        for key in case:
            before = before[before[key] == made[key].iloc[0]]
        now, before = (_comparable(rows, getattr(module, "TIMES", ())) for rows in (made, before))
        if not now.equals(before):
            raise BookError(f"study {name}: the case {json.dumps(case)} gives other rows than the published ones")
        rows += len(now)
    if study.study_inputs(name, root) != inputs:
        raise BookError(f"study {name}: its code was edited while it ran")
    compared = f"{len(drawn)} of {len(cases)} cases (drawn with seed {seed}) run again: {rows} rows equal"
    kept = {key: record[key] for key in ("title", "seconds", "table")}
    study.write_record(name, {**inputs, **kept, "verified": compared}, root)
    return compared


def _comparable(rows: pd.DataFrame, times: tuple[str, ...]) -> pd.DataFrame:
    """Return rows as text without times, so that the same figures are equal whatever the types of their columns."""
    kept = rows[[column for column in rows if column not in times]]
    if "measure" in kept:
        kept = kept[~kept["measure"].isin(times)]
    return kept.reset_index(drop=True).astype(object).map(lambda v: f"{v:.6g}" if isinstance(v, float) else str(v))
