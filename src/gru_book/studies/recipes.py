"""The recipes of `gru_book.recipes` beside the original, with three seeds, taking turns.

The study `original` has that one. As there: all learn from the whole training part and choose on the validation part;
the test part is opened once for each trained classifier, after its fit; every fit has a process of its own. The page
``34_better`` shows both tables.
"""

from gru_book import recipes
from gru_book.timing.fits import alone, measure

TITLE = "The other recipes with three seeds: accuracy, seconds and peak memory, taking turns"

TIMES = ("fit seconds", "predict seconds", "peak GB")  # what differs from run to run

SEEDS = range(3)
NAMES = ("fast", "best", "web", "linear", "nbsvm")  # "blend" trains for minutes: `benchmarks/recipes.py` has it


def cases() -> list[dict]:
    """Return one case for every seed and recipe, the recipes of a seed together."""
    return [{"seed": seed, "recipe": name} for seed in SEEDS for name in NAMES]


def run_case(seed: int, recipe: str, source: str = "package") -> list[dict]:
    """Train one recipe in a process of its own; see `gru_book.timing.fits.measure` for the rows."""
    return alone(_case, seed, recipe, source)


def _case(seed: int, recipe: str, source: str) -> list[dict]:
    if recipe not in ("linear", "nbsvm"):
        from gru_book.training import seeding

        seeding.set_seed(seed)  # loads TensorFlow, too, and turns its op determinism on

    def fit(texts, labels, validation):
        return recipes.fit(recipe, texts, labels, seed=seed, validation=validation)

    return measure(fit, source)
