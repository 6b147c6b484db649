"""The copy problem (Hochreiter and Schmidhuber, 1997; Arjovsky et al., 2016)."""

from __future__ import annotations

import numpy as np

from gru_book.tasks.task import Task, check_at_least


def copy(
    num_sequences: int, delay: int, rng: np.random.Generator, *, num_symbols: int = 8, num_copied: int = 10
) -> Task:
    """Draw the copy task: read some symbols, wait, and repeat them in their order when told to go.

    With k = ``num_copied`` and T = ``delay`` a sequence has T + 2k steps: k random symbols, T − 1 blanks, the go
    signal, and k blanks during which the symbols are to be recalled. So each symbol has to be kept for T + k steps. At
    all other steps the right answer is the blank.

    Who remembers nothing guesses one of the symbols at the last k steps: accuracy 1 / ``num_symbols`` there, which is
    ``chance``. The loss that goes with it is `copy_chance_loss`. The layout, with 8 symbols of which 10 are copied, is
    that of Arjovsky, Shah and Bengio (2016, section 4.1), after Hochreiter and Schmidhuber (1997).

    Args:
        num_sequences: how many sequences; at least 1.
        delay: T, steps from the last symbol to the go signal; at least 1 (no blank between them).
        rng: the source of all randomness.
        num_symbols: how many different symbols there are; at least 2.
        num_copied: k, how many symbols a sequence begins with; at least 1.

    Returns:
        ``inputs``: ids, (num_sequences, delay + 2 * num_copied), int64: 0 blank, 1 to ``num_symbols`` the symbols,
        ``num_symbols + 1`` the go signal. ``targets``: the ids to answer at each step, of the same shape: 0, and the
        symbols at the last ``num_copied`` steps. ``chance``: accuracy 1 / num_symbols at those steps.

    Raises:
        ValueError: one of the numbers is below its minimum.
    """
    check_at_least("num_sequences", num_sequences, 1)
    check_at_least("delay", delay, 1)
    check_at_least("num_symbols", num_symbols, 2)
    check_at_least("num_copied", num_copied, 1)
    inputs = np.zeros((num_sequences, delay + 2 * num_copied), np.int64)
    targets = np.zeros_like(inputs)
    inputs[:, :num_copied] = rng.integers(1, num_symbols + 1, (num_sequences, num_copied))
    inputs[:, num_copied + delay - 1] = num_symbols + 1
    targets[:, -num_copied:] = inputs[:, :num_copied]
    return Task(inputs, targets, 1 / num_symbols)


def copy_chance_loss(delay: int, num_symbols: int = 8, num_copied: int = 10) -> float:
    """Return the cross-entropy (nats, mean over all steps) of the best answer to `copy` without any memory.

    It is sure of the blank at the first T + k steps and gives each symbol the same probability at the last k:
    k · ln(num_symbols) / (T + 2k).

    Raises:
        ValueError: ``delay`` or ``num_copied`` is below 1, or ``num_symbols`` below 2.
    """
    check_at_least("delay", delay, 1)
    check_at_least("num_symbols", num_symbols, 2)
    check_at_least("num_copied", num_copied, 1)
    return float(num_copied * np.log(num_symbols) / (delay + 2 * num_copied))
