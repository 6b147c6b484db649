"""The original's recipe with two more seeds than that of page 33: accuracy, seconds and peak memory.

It learns from the whole training part; the test part is opened once for each trained classifier, after its fit. Every
fit has a process of its own. The study `recipes` does the same for the others, and the page ``34_better`` shows both
tables; `benchmarks/recipes.py` measures all of them in turn, in one run.
"""

from gru_book.models.original import OriginalClassifier
from gru_book.models.settings import ORIGINAL
from gru_book.timing.fits import alone, measure
from gru_book.training import seeding

TITLE = "The original's recipe with two more seeds: accuracy, seconds and peak memory"

TIMES = ("fit seconds", "predict seconds", "peak GB")  # what differs from run to run

SEEDS = (1, 2)  # the page ``33_imdb_gru`` trains it with seed 0


def cases() -> list[dict]:
    """Return one case for every seed."""
    return [{"seed": seed, "recipe": "original"} for seed in SEEDS]


def run_case(seed: int, recipe: str) -> list[dict]:
    """Train it in a process of its own; see `gru_book.timing.fits.measure` for the rows."""
    return alone(_case, seed, recipe)


def _case(seed: int, recipe: str) -> list[dict]:
    seeding.set_seed(seed)

    def fit(texts, labels, validation):
        classifier = OriginalClassifier(recipe, ORIGINAL, seed)
        classifier.fit(texts, labels, validation)
        return classifier

    return measure(fit)
