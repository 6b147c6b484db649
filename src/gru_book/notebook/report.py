"""What a page says about its own numbers: named values for the prose, and claims that were checked."""

from IPython.display import Markdown, display


def glue(name: str, value: str) -> None:
    """Name a formatted value, so that the page's prose can quote it with ``{glue:text}`name` ``.

    Shows nothing by itself: print the number too, since Jupyter and Colab do not render the role.
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
