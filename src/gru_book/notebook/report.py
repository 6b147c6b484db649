"""What a page says about its own numbers: named values for the prose, and claims with their verdicts."""

import math
from collections.abc import Sequence

from IPython.display import Markdown, display

from gru_book.notebook import artifacts

MARKS = {"shown": "✔", "contradicted": "✘", "undecided": "?"}
_claims: list[dict] = []  # of the page that is running, in their order


def glue(name: str, value: str) -> None:
    """Name a formatted value, so that the page's prose can quote it with ``{glue:text}`name` ``.

    Shows nothing by itself: print the number too, since Colab and a rerun in Jupyter do not fill the role in.
    Raises `TypeError` where `value` is not a text: format it first, so that prose and print agree.
    """
    if not isinstance(value, str):
        raise TypeError(f"glue: value of {name!r} must be a formatted text, not {type(value).__name__}")
    display(
        {"application/papermill.record/text/plain": value},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": "application/papermill.record/"}},
    )


def claim(name: str, holds: bool, yes: str, no: str) -> None:
    """Display whether a claim held in this run: the sentence `yes` if it did, else the sentence `no`."""
    mark, word, sentence = ("✔", "holds", yes) if holds else ("✘", "does not hold", no)
    text = f"{mark} **{name}: the claim {word} in this run.** {sentence}"
    display(Markdown(text), metadata={"claim": {"name": name, "holds": bool(holds)}})


def verdict(
    name: str,
    effect: float | Sequence[float],
    *,
    above: float | None = None,
    below: float | None = None,
    shown: str,
    contradicted: str,
    undecided: str = "",
    form: str = "{:.3g}",
    unit: str = "",
    comparisons: int = 1,
) -> None:
    """Display the verdict on a claim: "shown", "contradicted" or "undecided".

    name: the claim, a sentence without its full stop. effect: a measured number with its interval (value, low, high),
    or one number where nothing is random. The claim is that the effect lies `above` (or `below`) a threshold: it is
    shown where the whole interval does, contradicted where the whole interval lies on the other side, undecided where
    the threshold lies inside. shown, contradicted, undecided: a sentence for each outcome. form, unit: how numbers are
    written. comparisons: how many claims were decided together; the interval has to be corrected for them.

    Raises ValueError where not exactly one threshold is given, or the effect is no number or no interval around one.
    """
    if (above is None) == (below is None):
        raise ValueError(f"above is {above!r} and below is {below!r}; expected one of them")
    value, low, high = effect if isinstance(effect, Sequence) else (effect, effect, effect)
    if not all(map(math.isfinite, (value, low, high))) or not low <= high:
        raise ValueError(f"effect is {effect!r}; expected a finite number, or value, low and high")
    threshold = below if above is None else above
    beyond, short = (high < threshold, low > threshold) if above is None else (low > threshold, high < threshold)
    word = "shown" if beyond else "contradicted" if short else "undecided"
    sentence = {"shown": shown, "contradicted": contradicted, "undecided": undecided}[word]
    measured = form.format(value) + (f" ({form.format(low)} to {form.format(high)})" if low < high else "")
    side = "below" if above is None else "above"
    rule = f"{measured}{unit and ' ' + unit}; claimed: {side} {form.format(threshold)}"
    if word == "undecided":  # what this width could have shown
        needed = threshold + value - low if side == "above" else threshold - (high - value)
        rule += f"; only an effect {side} {form.format(needed)} could have been shown"
    if comparisons > 1:
        rule += f"; one of {comparisons} comparisons"
    entry = {"name": name, "verdict": word, "effect": float(value), "low": float(low), "high": float(high)}
    _claims.append(entry | {"side": side, "threshold": float(threshold), "unit": unit, "comparisons": comparisons})
    text = f"{MARKS[word]} **{word.capitalize()}: {name}.** {sentence} *({rule})*".replace("  ", " ")
    display(Markdown(text), metadata={"claim": {"name": name, "verdict": word}})


def publish(page: str, numbers: dict) -> None:
    """Write what other pages read of `page`: `numbers.json`, and its claims with their verdicts, `claims.json`."""
    artifacts.write_json(page, "numbers.json", numbers)
    artifacts.write_json(page, "claims.json", _claims)
