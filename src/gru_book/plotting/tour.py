"""Figures of the tour (page 11). Each function draws on an `ax` and returns it."""

import numpy as np
from matplotlib.axes import Axes

from gru_book.plotting.style import GREY, NEGATIVE, POSITIVE


def plot_word_by_word(ax: Axes, sentence: list[str], twin: list[str], probabilities: np.ndarray) -> Axes:
    """Draw what a model answers after each word of a sentence and of its twin.

    Args:
        ax: where to draw.
        sentence: the words; ``twin`` has the same length.
        twin: the words of the other sentence.
        probabilities: P("dog" first) after each word, (num_steps, 2): the sentence, its twin.
    """
    steps = np.arange(1, len(sentence) + 1)
    names = [f'"{next(w for w in words if w in ("dog", "man"))}" comes first' for words in (sentence, twin)]
    for column, name, color, style in zip(probabilities.T, names, (POSITIVE, NEGATIVE), ("o-", "s--"), strict=True):
        ax.plot(steps, column, style, color=color, label=name)
    ax.axhline(0.5, color=GREY, linewidth=1, linestyle=":")
    labels = [a if a == b else f"{a}\n{b}" for a, b in zip(sentence, twin, strict=True)]
    ax.set_xticks(steps, labels)
    for step, label in zip(steps, labels, strict=True):
        if "\n" in label:
            ax.axvline(step, color=GREY, linewidth=6, alpha=0.2)
            ax.get_xticklabels()[step - 1].set_fontweight("bold")
    ax.set(ylim=(-0.05, 1.05), ylabel='answer: P("dog" first)')
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return ax
