"""The order task: which of two words came first or last, among others that say nothing. In plain NumPy.

Sentences are drawn from a random generator that the caller hands in, so that a seed fixes them.
"""

from __future__ import annotations

import numpy as np

from gru_book.tasks.task import Task

ORDER_WORDS = ("dog", "man", "the", "a", "old", "big", "met", "saw", "then", "and")

"""The words of the order task: ids 0 and 1 decide, the others fill."""


def order_task(num_sequences: int, num_steps: int, rng: np.random.Generator) -> Task:
    """Draw sentences in which "dog" and "man" stand once each; which of them comes first?

    All other places are filled at random with the remaining words of ``ORDER_WORDS``. Sentences come in twins
    that differ only in that "dog" and "man" have swapped places: both hold the same words, their targets differ.
    Therefore every model that sees only which words occur, and how often, gives both twins one answer and
    is right on exactly half of the sentences, whatever it has learned. The order of the sentences is random.

    Args:
        num_sequences: how many sentences; even, at least 2.
        num_steps: words per sentence; at least 2.
        rng: the source of all randomness.

    Returns:
        ``inputs``: word ids, (num_sequences, num_steps), int64. ``targets``: 1 where "dog" comes first, 0 where
        "man" does, (num_sequences,), int64, half of them 1. ``chance``: accuracy 0.5.

    Raises:
        ValueError: ``num_sequences`` is odd or below 2, or ``num_steps`` is below 2.
    """
    if num_sequences < 2 or num_sequences % 2:
        raise ValueError(
            f"num_sequences = {num_sequences}; expected an even number of at least 2 (sentences are twins)"
        )
    if num_steps < 2:
        raise ValueError(f"num_steps = {num_steps}; expected at least 2, one for each of {ORDER_WORDS[:2]}")
    half = num_sequences // 2
    inputs = rng.integers(2, len(ORDER_WORDS), (half, num_steps))
    places = rng.random((half, num_steps)).argsort(axis=1)[:, :2]  # two different places in each sentence
    twins = inputs.copy()
    np.put_along_axis(inputs, places, np.array([[0, 1]]), axis=1)
    np.put_along_axis(twins, places, np.array([[1, 0]]), axis=1)
    inputs = rng.permutation(np.concatenate([inputs, twins]))
    return Task(inputs, order_targets(inputs), 0.5)


def dog_man_dog(num_sequences: int, num_steps: int, rng: np.random.Generator) -> np.ndarray:
    """Draw sentences outside of the order task, with "dog", "man" and again "dog" in this order.

    They have no right answer; they tell whether a model of the task goes by the first of the deciding words ("dog
    first") or by the last ("man first").

    Returns:
        Word ids, (num_sequences, num_steps), int64.

    Raises:
        ValueError: ``num_sequences`` is below 1 or ``num_steps`` below 3.
    """
    if num_sequences < 1 or num_steps < 3:
        raise ValueError(f"num_sequences = {num_sequences}, num_steps = {num_steps}; expected at least 1 and 3")
    inputs = rng.integers(2, len(ORDER_WORDS), (num_sequences, num_steps))
    places = np.sort(rng.random(inputs.shape).argsort(axis=1)[:, :3], axis=1)
    np.put_along_axis(inputs, places, np.array([[0, 1, 0]]), axis=1)
    return inputs


def order_targets(inputs: np.ndarray) -> np.ndarray:
    """Return 1 for every sentence in which "dog" (id 0) comes before "man" (id 1), else 0.

    Args:
        inputs: word ids, (num_sequences, num_steps).

    Returns:
        Targets, (num_sequences,), int64.

    Raises:
        ValueError: ``inputs`` is not two-dimensional, or a sentence does not hold each of the two words once.
    """
    inputs = np.asarray(inputs)
    if inputs.ndim != 2:
        raise ValueError(f"inputs has shape {inputs.shape}; expected (num_sequences, num_steps)")
    dog, man = inputs == 0, inputs == 1
    wrong = np.flatnonzero((dog.sum(axis=1) != 1) | (man.sum(axis=1) != 1))
    if len(wrong):
        raise ValueError(
            f"inputs[{wrong[0]}] does not hold {ORDER_WORDS[0]!r} (0) and {ORDER_WORDS[1]!r} (1) once each"
        )
    return (dog.argmax(axis=1) < man.argmax(axis=1)).astype(np.int64)


def shuffle_words(inputs: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return the sentences with a share of their places picked at random and the words there shuffled.

    Args:
        inputs: word ids, (num_sequences, num_steps); left as they are.
        share: share of the places whose words are shuffled, 0 to 1, rounded to whole places. A shuffled word may
            land where it stood.
        rng: the source of all randomness; every sentence has its own places and its own shuffle.

    Returns:
        Word ids of the same shape: each sentence holds the same words as before.

    Raises:
        ValueError: ``inputs`` is not two-dimensional or ``share`` lies outside 0 to 1.
    """
    inputs = np.asarray(inputs)
    if inputs.ndim != 2:
        raise ValueError(f"inputs has shape {inputs.shape}; expected (num_sequences, num_steps)")
    if not 0 <= share <= 1:
        raise ValueError(f"share = {share}; expected a number from 0 to 1")
    num_places = round(share * inputs.shape[1])
    places = rng.random(inputs.shape).argsort(axis=1)[:, :num_places]  # in random order
    shuffled = inputs.copy()
    np.put_along_axis(shuffled, np.sort(places, axis=1), np.take_along_axis(inputs, places, axis=1), axis=1)
    return shuffled


def order_kept(num_steps: int, share: float) -> float:
    """Return the probability that `shuffle_words` leaves the order of "dog" and "man" as it was.

    With k of n places shuffled, both words keep their places with probability (n-k)(n-k-1) / n(n-1); one of them
    moves with probability 2k(n-k) / n(n-1), and then stays on its side of the other with probability (2k+1) / 3k;
    both move otherwise, and then a coin decides.

    Raises:
        ValueError: ``num_steps`` is below 2 or ``share`` lies outside 0 to 1.
    """
    if num_steps < 2:
        raise ValueError(f"num_steps = {num_steps}; expected at least 2")
    if not 0 <= share <= 1:
        raise ValueError(f"share = {share}; expected a number from 0 to 1")
    n, k = num_steps, round(share * num_steps)
    none, one, both = (n - k) * (n - k - 1), 2 * k * (n - k), k * (k - 1)
    return (none + one * (2 * k + 1) / (3 * max(k, 1)) + both / 2) / (n * (n - 1))


def bag_of_words(inputs: np.ndarray, num_words: int) -> np.ndarray:
    """Count how often each word occurs in each sentence, which forgets the order.

    Args:
        inputs: word ids from 0 to ``num_words - 1``, (num_sequences, num_steps).
        num_words: size of the vocabulary.

    Returns:
        Counts, (num_sequences, num_words), float32; each row sums to ``num_steps``.

    Raises:
        ValueError: ``inputs`` is not two-dimensional or holds an id outside the vocabulary.
    """
    inputs = np.asarray(inputs)
    if inputs.ndim != 2:
        raise ValueError(f"inputs has shape {inputs.shape}; expected (num_sequences, num_steps)")
    if inputs.size and not (0 <= inputs.min() and inputs.max() < num_words):
        raise ValueError(f"inputs holds ids from {inputs.min()} to {inputs.max()}; expected 0 to {num_words - 1}")
    counts = np.zeros((len(inputs), num_words), np.float32)
    np.add.at(counts, (np.arange(len(inputs))[:, None], inputs), 1)
    return counts
