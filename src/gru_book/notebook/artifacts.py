"""Files that one page or study makes and another needs: small, committed, hashed.

A published run writes under `notebooks/artifacts/<page>/`; every other run (smoke, a reader's parameters, a notebook
opened in Jupyter) writes to a folder of its own, so the committed files always belong to the committed notebooks.
"""

import json
import os
from pathlib import Path

from gru_book.files import CHECKOUT, PACKAGE, runs_folder

ENVIRONMENT = "GRU_BOOK_ARTIFACTS"  # set by the pipeline: where this run writes


def committed_folder() -> Path:
    """Return the folder of the published artifacts: in a checkout, or as packed into an installed package."""
    checkout = CHECKOUT / "notebooks" / "artifacts"
    return checkout if checkout.is_dir() else PACKAGE / "_artifacts"


def output_folder() -> Path:
    """Return the folder that this run writes to."""
    return Path(os.environ[ENVIRONMENT]) if ENVIRONMENT in os.environ else runs_folder() / "artifacts"


def write(page: str, name: str) -> Path:
    """Return the path to write the file `name` of `page` to; its folder exists."""
    path = output_folder() / page / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def read(page: str, name: str) -> Path:
    """Return the path of the published file `name` of `page`.

    Raises `FileNotFoundError` that says which page or study makes it.
    """
    path = committed_folder() / page / name
    if not path.is_file():
        maker = f"gru-book study {Path(name).stem}" if page == "studies" else f"gru-book execute {page}"
        raise FileNotFoundError(f"the artifact {page}/{name} is missing; make it with: {maker}")
    return path


def write_json(page: str, name: str, value: object) -> None:
    """Write `value` as JSON, indented, keys in their order, with a final newline."""
    write(page, name).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(page: str, name: str) -> object:
    """Return the value of a published JSON file."""
    return json.loads(read(page, name).read_text(encoding="utf-8"))


def write_table(page: str, name: str, table) -> None:
    """Write a pandas table as CSV without its index, floats with six significant digits."""
    table.to_csv(write(page, name), index=False, float_format="%.6g", lineterminator="\n")


def read_table(page: str, name: str):
    """Return a published CSV as a pandas table."""
    import pandas as pd

    return pd.read_csv(read(page, name))
