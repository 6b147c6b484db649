"""The recipes side by side: `.venv/bin/python benchmarks/recipes.py [NAME …] [--seeds N] [--source NAME]`.

One interleaved run: for every seed each recipe in turn, in a process of its own, as the studies `original` and
`recipes` measure them. All of them, with three seeds, take about an hour on two cores; `fast linear nbsvm --seeds 1` a
minute.
"""

import argparse

import pandas as pd

from gru_book import recipes
from gru_book.studies import recipes as study


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(recipes.RECIPES)}; default all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--source", default="package", choices=("package", "keras", "folder"))
    options = parser.parse_args()
    if unknown := set(options.names) - set(recipes.RECIPES):
        parser.error(f"unknown recipe {', '.join(sorted(unknown))}; allowed: {', '.join(recipes.RECIPES)}")
    rows, names = [], options.names or list(recipes.RECIPES)
    for case in [{"seed": seed, "recipe": name} for seed in range(options.seeds) for name in names]:
        measured = study.run_case(**case, source=options.source)
        print(case, {row["measure"]: row["value"] for row in measured}, flush=True)
        rows += [case | row for row in measured]
    table = pd.DataFrame(rows).pivot_table(index="recipe", columns="measure", values="value", sort=False)
    if "original" in table.index:
        table["faster"] = table.loc["original", "fit seconds"] / table["fit seconds"]
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
