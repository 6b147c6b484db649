"""The settings of the recipes: for each its type, default, meaning and what is allowed, one table a kind of recipe.

>>> PLAIN_GRU["units"], (PLAIN_GRU | {"units": 64})["units"]
(32, 64)
>>> PLAIN_GRU | {"keep": "post"}
Traceback (most recent call last):
gru_book.errors.ParameterError: keep = 'post' is not allowed; allowed: [last | first]

Page 34 explains those of a GRU, page 32 those of the linear recipes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, get_origin, get_type_hints

from gru_book.allowed import Parameter, shown
from gru_book.data.tokens import FIRST
from gru_book.errors import ParameterError, did_you_mean


def setting(default: Any, meaning: str, allowed: str = "") -> Any:
    """Return a field of a class of settings; `allowed` is in the notation of `gru_book.allowed`."""
    shared = isinstance(default, (list, Settings))  # no default of a dataclass, so that no two share a list
    made = {"default_factory": lambda: copy.copy(default)} if shared else {"default": default}
    return field(**made, metadata={"meaning": meaning, "allowed": allowed})


class Settings(Mapping):
    """Names and values, checked when they are made: those of a recipe, readable as attributes and as a mapping.

    `settings | {"units": 64}` returns others. Making them raises `ParameterError`, in one line, for a value of the
    wrong type or out of what is allowed, and for values that cannot work together; `|` also for an unknown name.
    """

    def __post_init__(self):
        for name, parameter in self.table().items():
            object.__setattr__(self, name, self._checked(parameter, getattr(self, name)))

    def _checked(self, parameter: Parameter, value: Any) -> Any:
        return parameter.check(value)

    @classmethod
    def table(cls) -> dict[str, Parameter]:
        """Return the parameter behind each name, in their order."""
        hints, found = get_type_hints(cls), {}
        for one in fields(cls):
            default = one.default if one.default is not MISSING else one.default_factory()
            kind = get_origin(hints[one.name]) or hints[one.name]  # list of list[float]
            found[one.name] = Parameter(one.name, kind, default, **one.metadata)
        return found

    @classmethod
    def from_plain(cls, values: object) -> Settings:
        """Return the settings that `plain` gave as a dictionary; ParameterError unless it has exactly their names."""
        known = [one.name for one in fields(cls)]
        if not isinstance(values, dict) or set(values) != set(known):
            raise ParameterError(f"settings are {shown(values)}; allowed: exactly {', '.join(known)}")
        return cls(**values)

    def plain(self) -> dict:
        """Return names and values as a dictionary that JSON can hold."""
        return {name: value.plain() if isinstance(value, Settings) else value for name, value in self.items()}

    def __or__(self, changes: Mapping) -> Settings:
        """Return these settings with `changes`, names and values."""
        if not isinstance(changes, Mapping):
            raise ParameterError(f"settings is {shown(changes)}; allowed: a dictionary of names and values")
        for name in changes:
            if name not in self:
                known = ", ".join(map(repr, self))
                raise ParameterError(f"settings has {shown(name)}{did_you_mean(name, self)}; allowed: {known}")
        return replace(self, **changes)

    def __getitem__(self, name: str) -> Any:
        """Return the value of a setting; KeyError where there is none of that name."""
        if name not in self:
            raise KeyError(name)
        return getattr(self, name)

    def __contains__(self, name: object) -> bool:
        """Return whether there is a setting of that name."""
        return name in list(self)

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return (one.name for one in fields(self))

    def __len__(self) -> int:
        """Return the number of settings."""
        return len(fields(self))

    def __repr__(self) -> str:
        """Return a line for each setting, with its meaning and what is allowed; Python makes them anew from it."""
        written = {name: f"{name}={str(v) if isinstance(v, Settings) else repr(v)}," for name, v in self.items()}
        width = min(max(map(len, written.values())), 32)
        lines = [
            f"    {written[name]:{width}}  # {parameter.meaning} {parameter.allowed}".rstrip()
            for name, parameter in self.table().items()
        ]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])

    def __str__(self) -> str:
        """Return names and values in one line, as those of a dictionary."""
        return str(self.plain())


@dataclass(frozen=True, eq=False, repr=False)
class NGramSettings(Settings):
    """Those of a logistic regression on n-grams."""

    weighting: str = setting("tfidf", "of the columns: TF-IDF, or naive Bayes' log-count ratios", "[tfidf | nbsvm]")
    longest: int = setting(2, "tokens of the longest n-gram", "[1..8]")
    grid: list[float] = setting(
        [1.0, 3.0, 10.0, 30.0, 100.0],
        "values of C, the inverse strength of the L2 penalty, to choose from",
        "(0..1e9]",
    )
    default: float = setting(10.0, "the C where there are too few texts to choose by", "(0..1e9]")


NBSVM = NGramSettings(weighting="nbsvm", longest=3, grid=[0.01, 0.03, 0.1, 0.3, 1.0], default=0.3)


@dataclass(frozen=True, eq=False, repr=False)
class OriginalSettings(Settings):
    """Those of the original."""

    max_features: int = setting(10_000, "ids: the most frequent words, and the three markers", "[4..1000000]")
    maxlen: int = setting(500, "words of a text that are read, its last ones", "[1..10000]")
    embedding_dim: int = setting(128, "numbers in the vector of a word", "[1..4096]")
    units: int = setting(128, "of the GRU", "[1..4096]")
    batch_size: int = setting(32, "texts in a batch", "[1..65536]")
    epochs: int = setting(5, "passes over the texts", "[1..1000]")
    learning_rate: float = setting(0.001, "Adam's step size", "(0..1]")
    validation_split: float = setting(0.2, "share of the rows cut off where no validation texts are given", "[0..1)")


@dataclass(frozen=True, eq=False, repr=False)
class GRUSettings(Settings):
    """Those of every other recipe with a GRU: how texts become ids, then the network, then its training."""

    reading: str = setting("tokens", "words and marks, and runs of them; or the original's words", "[tokens | keras]")
    max_words: int = setting(20_000, "ids of single tokens, the most frequent ones", "[4..1000000]")
    longest: int = setting(1, "tokens of the longest run that has an id of its own", "[1..8]")
    fewest: int = setting(3, "times that a run must occur to have an id", "[1..1000000]")
    max_runs: int = setting(150_000, "ids of runs, for each length", "[1..10000000]")
    maxlen: int = setting(0, "tokens of a text that are read; 0 for all", "[0..1000000]")
    keep: str = setting("last", "which tokens of a longer text are read", "[last | first]")
    embedding_dim: int = setting(32, "numbers in the vector of a token", "[1..4096]")
    units: int = setting(32, "of the GRU, in each direction", "[1..4096]")
    mask: bool = setting(False, "skip the padding behind a text")
    pooling: str = setting("max+mean", "of the states that decides", "[max+mean | max | mean | last]")
    window: int = setting(0, "steps of the windows that are read in parallel; 0 for whole texts", "[0..10000]")
    bidirectional: bool = setting(False, "read in both directions")
    word_dropout: float = setting(0.0, "share of tokens dropped in training", "[0..1)")
    embedding_dropout: float = setting(0.0, "share of the vectors' numbers dropped in training", "[0..1)")
    recurrent_dropout: float = setting(0.0, "share of the state dropped in training", "[0..1)")
    dropout: float = setting(0.0, "share of the pooled state dropped in training", "[0..1)")
    batch_size: int = setting(64, "texts in a batch", "[1..65536]")
    multiple: int = setting(25, "steps of a batch are rounded up to a multiple of this", "[1..10000]")
    epochs: int = setting(1, "passes over the texts; more where they are few", "[1..1000]")
    learning_rate: float = setting(0.01, "Adam's step size at the first step", "(0..1]")
    schedule: str = setting("linear", "the step size falls to zero at the last step, or stays", "[linear | constant]")
    averaging: float = setting(0.0, "share of a running average of the weights kept at a step; 0 for none", "[0..1)")
    adversary: float = setting(0.0, "length of the adversary's move; 0 for none", "[0..1000]")
    vectors: float = setting(0.0, "length of the word vectors that tokens begin with; 0 for random ones", "[0..1000]")
    opposites: float = setting(
        0.0, "short pieces that join each text, on average, most of them turned by *not* and its kin", "[0..10]"
    )

    def __post_init__(self):
        super().__post_init__()
        base = self.max_words + FIRST
        for works, otherwise in (
            (
                not (self.window and self.pooling == "last"),
                f"pooling = 'last' with window = {self.window} has one last state a window; allowed: one of the two",
            ),
            (
                self.mask or self.pooling != "last",
                "pooling = 'last' with mask = False gives the state after the padding; allowed: with mask = True",
            ),
            (
                not (self.window and self.mask),
                f"mask = True with window = {self.window} is lost between windows; allowed: one of the two",
            ),
            (
                self.longest == 1 or self.reading == "tokens",
                f"longest = {self.longest} with reading = 'keras', which has single words only; allowed: 1",
            ),
            (
                base**self.longest < 2**63,
                f"longest = {self.longest} with max_words = {self.max_words} makes more runs than 64 bits can number; "
                "allowed: less of either",
            ),
        ):
            if not works:
                raise ParameterError(otherwise)


@dataclass(frozen=True, eq=False, repr=False)
class LogOddsSettings(GRUSettings):
    """Those of a GRU that reads cross-fitted log-odds beside its tokens."""

    folds: int = setting(8, "of the texts, for log-odds and teacher; 1 counts a text for itself, too", "[1..1000]")
    channels: float = setting(1.0, "factor of the log-odds among the GRU's inputs; 0 for none", "[0..1000]")
    votes: bool = setting(True, "let the text's sums of log-odds join the pooled states")
    vote_dropout: float = setting(0.3, "share of texts whose sums are dropped in training", "[0..1)")
    teacher: float = setting(0.5, "share of the targets that an NB-SVM of the other folds sets; 0 for none", "[0..1]")
    lazy: bool = setting(True, "let Adam move only those rows of the tables that a batch reads")

    def __post_init__(self):
        super().__post_init__()
        for name in ("mask", "averaging", "adversary", "opposites"):
            if self[name]:
                none = getattr(PLAIN_GRU, name)
                raise ParameterError(f"{name} = {self[name]} is nothing for a GRU with log-odds; allowed: {none}")


@dataclass(frozen=True, eq=False, repr=False)
class BlendSettings(GRUSettings):
    """Those of a GRU beside a linear model; `linear` takes changes to NBSVM, as a dictionary, or None."""

    linear: NGramSettings | None = setting(NBSVM, "of the NB-SVM beside it; None for the GRU alone")
    even: list[float] = setting([0.5, 0.5, 0.0], "weights of GRU and NB-SVM, and a constant, where no texts teach them")

    def __post_init__(self):
        super().__post_init__()
        if len(self.even) != 3:
            raise ParameterError(f"even = {shown(self.even)} is not allowed; allowed: three numbers")

    def _checked(self, parameter: Parameter, value: Any) -> Any:
        if parameter.name != "linear":
            return super()._checked(parameter, value)
        try:
            return None if value is None else NBSVM | value
        except ParameterError as error:
            raise ParameterError(f"linear: {error}") from None


ORIGINAL = OriginalSettings()

PLAIN_GRU = GRUSettings()  # every recipe but the original's names what it changes

LINEAR = NGramSettings()
