"""The recipes that train a GRU with Keras: what `gru_book.recipes` does for the names whose networks read in order.

`original_network` is the network of the notebook that this book grew from. `network` is every other one: its arguments
are the choices that page 33 tries one at a time, and a recipe is a set of them. Page 33 shows the code of both
functions, as it stands here.

Tokens become ids by `Tokens`; texts of similar length come together in `batches_by_length`; `train` is the loop.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from gru_book import classifier
from gru_book.reviews import Vocabulary

PAD, UNKNOWN, START, FIRST = 0, 1, 2, 3  # ids: padding, a token outside the table, before every text, the first known
REACH = 5  # steps within which `word_vectors` counts a neighbour
FEWEST_UPDATES = 200
PREDICTION_BATCH = 256  # texts; only speed and memory depend on it


@keras.saving.register_keras_serializable("gru_book")
class Windows(layers.Layer):
    """Cut sequences (batch, steps, dim) into windows, (batch · windows, window, dim), which a layer reads in parallel.

    The number of steps must be a multiple of `window`.
    """

    def __init__(self, window: int, **settings):
        """Take the steps of a window, at least 1."""
        super().__init__(**settings)
        self.window = window

    def call(self, x):
        """Return the windows, one below the other."""
        return ops.reshape(x, (-1, self.window, x.shape[-1]))

    def get_config(self):
        """Return what makes the layer again."""
        return {**super().get_config(), "window": self.window}


@keras.saving.register_keras_serializable("gru_book")
class Pool(layers.Layer):
    """Pool hidden states over all steps of a text that are not padding: `kind` "max", "mean" or "max+mean".

    Takes the states, (batch, steps, units) or in windows (batch · windows, window, units), and the ids of the tokens,
    (batch, steps). Returns (batch, units), or (batch, 2 · units) for "max+mean".
    """

    def __init__(self, kind: str = "max+mean", **settings):
        """Take the kind of pooling."""
        super().__init__(**settings)
        self.kind = kind

    def call(self, states, ids):
        """Return the pooled states."""
        states = ops.reshape(states, (-1, ops.shape(ids)[1], states.shape[-1]))  # windows back into texts
        read = ops.cast(ops.not_equal(ids, PAD), states.dtype)[..., None]  # (batch, steps, 1)
        highest = ops.max(states - 4.0 * (1 - read), axis=1)  # states lie within -1 and 1: padding never wins
        mean = ops.sum(states * read, axis=1) / ops.maximum(ops.sum(read, axis=1), 1)
        return {"max": highest, "mean": mean, "max+mean": ops.concatenate([highest, mean], axis=-1)}[self.kind]

    def get_config(self):
        """Return what makes the layer again."""
        return {**super().get_config(), "kind": self.kind}


@keras.saving.register_keras_serializable("gru_book")
class WordDropout(layers.Layer):
    """In training, set whole steps of (batch, steps, dim) to zero with probability `rate`, and scale up the rest."""

    def __init__(self, rate: float, seed: int = 0, **settings):
        """Take the rate and the seed of the draws."""
        super().__init__(**settings)
        self.rate, self.seed, self.supports_masking = rate, seed, True
        self.draws = keras.random.SeedGenerator(seed)

    def call(self, x, training=False):
        """Return `x` with steps dropped, in training only."""
        ones = ops.ones_like(x[..., :1])
        return x * keras.random.dropout(ones, self.rate, seed=self.draws) if training else x

    def get_config(self):
        """Return what makes the layer again."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


def original_network(max_features: int = 10_000, embedding_dim: int = 128, units: int = 128) -> keras.Sequential:
    """Return the original's network: ids (batch, steps), padding included and read, to P(1), (batch, 1)."""
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(max_features, embedding_dim),
            layers.GRU(units),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def network(
    sizes: list[int],
    embedding_dim: int = 32,
    units: int = 32,
    mask: bool = False,
    pooling: str = "max+mean",
    window: int = 0,
    bidirectional: bool = False,
    word_dropout: float = 0.0,
    embedding_dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    dropout: float = 0.0,
    seed: int = 0,
) -> keras.Model:
    """Return a network for ids of tokens, and of pairs and so on where `sizes` names more than one table of ids.

    Takes ids (batch, steps, tables), padding behind, and gives P(1), (batch, 1). `pooling` "last" takes the last hidden
    state, which makes sense with `mask` only; a `window` above 0 reads windows of so many steps in parallel.
    """
    ids = keras.Input((None, len(sizes)), dtype="int32")  # (batch, steps, tables)
    parts = []
    for table, size in enumerate(sizes):  # a run of tokens adds nothing to its last token until it has learnt to
        start = "zeros" if table else "uniform"
        embedding = layers.Embedding(size, embedding_dim, embeddings_initializer=start, mask_zero=mask)
        parts.append(embedding(ids[..., table]))
    if word_dropout:
        parts = [WordDropout(word_dropout, seed + n)(part) for n, part in enumerate(parts)]
    x = layers.add(parts) if len(parts) > 1 else parts[0]  # (batch, steps, embedding_dim)
    x = layers.Dropout(embedding_dropout, seed=seed, name="embedded")(x)
    if window:
        x = Windows(window)(x)  # (batch · windows, window, embedding_dim)
    reader = layers.GRU(units, return_sequences=pooling != "last", recurrent_dropout=recurrent_dropout, seed=seed)
    states = (layers.Bidirectional(reader) if bidirectional else reader)(x)
    pooled = states if pooling == "last" else Pool(pooling)(states, ids[..., 0])
    if dropout:
        pooled = layers.Dropout(dropout, seed=seed)(pooled)
    return keras.Model(ids, layers.Dense(1, activation="sigmoid")(pooled))


class Adversary(keras.Model):
    """Trains `model` on each batch twice: as it is, and with embeddings moved in the direction that hurts most.

    The move of a text's embeddings has the length `strength` and points along the gradient of the text's own loss; the
    two losses are added. Adversarial training for text is due to Miyato, Dai & Goodfellow (2017), equation 4.
    """

    def __init__(self, model: keras.Model, strength: float):
        """Take a model of `network`, whose weights will be trained, and the length of the move."""
        super().__init__()
        embedded = model.get_layer("embedded").output
        self.embed = keras.Model(model.input, embedded)
        self.read = keras.Model([model.input, embedded], model.output)
        self.strength = strength

    def train_step(self, data):
        """Take one step of training; return its loss without the adversary."""
        ids, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            x = self.embed(ids, training=True)  # (batch, steps, embedding_dim)
            with tf.GradientTape() as inner:
                inner.watch(x)
                plain = self.compute_loss(ids, labels, self.read([ids, x], training=True))
            worse = tf.stop_gradient(inner.gradient(plain, x))
            worse *= tf.cast(ids[..., :1] != PAD, worse.dtype)
            move = self.strength * worse / (tf.norm(worse, axis=(1, 2), keepdims=True) + 1e-12)
            total = plain + self.compute_loss(ids, labels, self.read([ids, x + move], training=True))
        self.optimizer.apply(tape.gradient(total, self.trainable_weights), self.trainable_weights)
        return {"loss": plain}


def word_vectors(sequences: list[np.ndarray], size: int, dim: int, length: float, seed: int = 0) -> np.ndarray:
    """Return a vector for each id, from the company that it keeps in `sequences`; float32 array (size, dim).

    Ids that occur within five steps of each other are counted, nearer ones more; the positive pointwise mutual
    information of the counts (contexts smoothed by the power 3/4, as in Levy, Goldberg & Dagan 2015) is factorised, and
    every vector gets the length `length`. The ids PAD to START, and ids without company, keep zeros.
    """
    gap = np.zeros(REACH, np.int64)
    text = np.concatenate([part for ids in sequences for part in (ids, gap)])
    counts = sparse.csr_matrix((size, size), dtype=np.float32)
    for distance in range(1, REACH + 1):
        left, right = text[:-distance], text[distance:]
        known = (left >= FIRST) & (right >= FIRST)
        weights = np.full(known.sum(), 1 / distance, np.float32)
        pairs = sparse.coo_matrix((weights, (left[known], right[known])), shape=(size, size)).tocsr()
        counts = counts + pairs + pairs.T
    counts = counts.tocoo()
    of_word = np.asarray(counts.sum(axis=1)).ravel()
    of_context = of_word**0.75 / max((of_word**0.75).sum(), 1e-12)
    information = np.log(counts.data / (of_word[counts.row] * of_context[counts.col]))
    kept = information > 0
    table = sparse.csr_matrix((information[kept], (counts.row[kept], counts.col[kept])), shape=(size, size))
    vectors, scale, _ = randomized_svd(table, min(dim, size - 1), n_iter=4, random_state=seed)
    vectors = vectors * np.sqrt(scale)
    vectors *= length / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return np.pad(vectors, ((0, 0), (0, dim - vectors.shape[1]))).astype(np.float32)


class Tokens:
    """The tokens, and runs of tokens, that a network knows, and texts as arrays of their ids.

    Table 0 holds single tokens (`classifier.TOKEN`: words and marks), table n runs of n + 1 tokens. In every table the
    ids PAD, UNKNOWN and START come first.

    words: the known tokens, the more frequent the smaller the id. runs: for tables 1 and up the sorted codes of the
    known runs, int64 arrays; a code is the number that the ids of the run form in base `len(words) + FIRST`.
    """

    def __init__(self, words: list[str], runs: list[np.ndarray]):
        """Take the tables."""
        self.words, self.runs = words, runs
        self._id_of = {word: number for number, word in enumerate(words, FIRST)}

    @property
    def sizes(self) -> list[int]:
        """Return the number of ids of each table."""
        return [FIRST + len(self.words)] + [FIRST + len(codes) for codes in self.runs]

    @classmethod
    def fit(
        cls, texts: list[str], max_words: int, longest: int = 1, fewest: int = 2, max_runs: int = 200_000
    ) -> Tokens:
        """Return the tables for `texts`: at most `max_words` tokens, and per length up to `longest` at most `max_runs`.

        Runs that occur fewer than `fewest` times are left out, tokens only beyond `max_words`.
        """
        number = defaultdict(itertools.count().__next__)
        read = [np.array([number[word] for word in _tokens(text)], np.int64) for text in texts]
        counts = np.bincount(np.concatenate([*read, [0]]), minlength=len(number))
        names = list(number) or [""]
        kept = np.argsort(-counts[: len(names)], kind="stable")[:max_words]
        tokens = cls([names[row] for row in kept], [])
        new = np.full(len(names) + 1, UNKNOWN)
        new[kept] = np.arange(FIRST, FIRST + len(kept))
        read = [new[ids] for ids in read]
        for length in range(2, longest + 1):
            codes = np.concatenate([tokens._codes(ids, length)[0] for ids in read])
            codes, counts = np.unique(codes[codes >= 0], return_counts=True)
            often = np.flatnonzero(counts >= fewest)
            often = often[np.argsort(-counts[often], kind="stable")[:max_runs]]
            tokens.runs.append(np.sort(codes[often]))
        return tokens, [tokens._encode(ids) for ids in read]

    def encode(self, texts: Iterable[str]) -> list[np.ndarray]:
        """Return ids, one int32 array (steps, tables) a text: START, then its tokens."""
        known = ([self._id_of.get(word, UNKNOWN) for word in _tokens(text)] for text in texts)
        return [self._encode(np.array(ids, np.int64)) for ids in known]

    def _encode(self, ids: np.ndarray) -> np.ndarray:
        kept = np.full((1 + len(ids), 1 + len(self.runs)), UNKNOWN, np.int32)
        kept[0], kept[1:, 0] = START, ids
        for column, known in enumerate(self.runs, 1):
            codes, begin = self._codes(ids, column + 1)
            if len(codes) and len(known):
                place = np.minimum(np.searchsorted(known, codes), len(known) - 1)
                kept[1 + begin :, column] = np.where(known[place] == codes, FIRST + place, UNKNOWN)
        return kept

    def _codes(self, ids: np.ndarray, length: int) -> tuple[np.ndarray, int]:
        """Return the code of the run that ends at each token from number `length` - 1 on, -1 where one is unknown."""
        begin = length - 1
        if len(ids) < length:
            return np.zeros(0, np.int64), begin
        ends = [ids[place : len(ids) - begin + place] for place in range(length)]
        codes = ends[0]
        for other in ends[1:]:
            codes = codes * (len(self.words) + FIRST) + other
        return np.where(np.min(ends, axis=0) >= FIRST, codes, -1), begin


def _tokens(text: str) -> list[str]:
    return _PATTERN.findall(classifier.plain(text))


_PATTERN = re.compile(classifier.TOKEN)


def batches_by_length(encoded: list[np.ndarray], batch_size: int, multiple: int, rng=None) -> list[np.ndarray]:
    """Return the rows of each batch: texts of similar length together, in random order where `rng` is given.

    `multiple` is that of `padded`; texts that it makes equally long are mixed freely.
    """
    steps = np.array([-(-len(ids) // multiple) for ids in encoded])
    order = np.arange(len(encoded)) if rng is None else rng.permutation(len(encoded))
    order = order[np.argsort(steps[order], kind="stable")]
    batches = np.split(order, range(batch_size, len(order), batch_size))
    return batches if rng is None else [batches[number] for number in rng.permutation(len(batches))]


def padded(encoded: list[np.ndarray], multiple: int) -> np.ndarray:
    """Return one batch: ids (batch, steps, tables), padding behind, steps rounded up to a multiple of `multiple`."""
    steps = -(-max(map(len, encoded)) // multiple) * multiple
    batch = np.full((len(encoded), steps, encoded[0].shape[1]), PAD, np.int32)
    for row, ids in zip(batch, encoded, strict=True):
        row[: len(ids)] = ids
    return batch


def predict(model: keras.Model, encoded: list[np.ndarray], multiple: int = 1) -> np.ndarray:
    """Return P(1) of encoded texts, float64 array (texts,)."""
    answer = _traced(model)
    probability = np.zeros(len(encoded))
    for rows in batches_by_length(encoded, PREDICTION_BATCH, multiple):
        probability[rows] = answer(padded([encoded[row] for row in rows], multiple))[:, 0]
    return probability


def _traced(model: keras.Model):
    """Return `model` as a function that TensorFlow traces once; `model.predict` would trace anew for new shapes."""
    if not hasattr(model, "traced"):
        shape = tf.TensorSpec([None] * len(model.input_shape), tf.int32)
        model.traced = tf.function(lambda ids: model(ids, training=False), input_signature=[shape])
    return model.traced


def train(
    model: keras.Model,
    encoded: list[np.ndarray],
    labels: np.ndarray,
    settings: dict,
    seed: int,
    held: tuple[list[np.ndarray], np.ndarray] | None = None,
    name: str = "training",
) -> list[dict]:
    """Train `model` in place; return for each epoch its number and, of the held texts, `accuracy` and `loss`.

    settings: `epochs` (more where the texts are so few that these would be under FEWEST_UPDATES), `batch_size`,
    `learning_rate` at the first step, `schedule` ("constant", or "linear" down to zero at the last step), `adversary`
    (0, or the strength of an `Adversary`), `averaging` (0, or the share of a running average of the weights that is
    kept at each step; each epoch ends with the average).
    With held texts the weights of the epoch with the least loss are kept, else the last ones.
    """
    rng = np.random.default_rng(seed)
    multiple = settings["window"] or settings["multiple"]
    batch_size, rate = settings["batch_size"], settings["learning_rate"]
    updates = -(-len(encoded) // batch_size)  # of an epoch
    epochs = max(settings["epochs"], -(-FEWEST_UPDATES // updates))
    if settings["schedule"] == "linear":
        rate = keras.optimizers.schedules.PolynomialDecay(rate, epochs * updates, 0.0)
    averaging = {"use_ema": True, "ema_momentum": settings["averaging"]} if settings["averaging"] else {}
    trained = Adversary(model, settings["adversary"]) if settings["adversary"] else model
    trained.compile(keras.optimizers.Adam(rate, **averaging), "binary_crossentropy")
    history, best = [], None
    for epoch in range(1, epochs + 1):
        batches = batches_by_length(encoded, batch_size, multiple, rng)
        for rows in classifier.progress(batches, f"{name}: epoch {epoch} of {epochs}"):
            batch = padded([encoded[row] for row in rows], multiple)
            trained.train_on_batch(batch, labels[rows, None].astype("float32"))
        if held is None:
            continue
        if settings["averaging"]:
            trained.optimizer.finalize_variable_values(trained.trainable_variables)
        probability = predict(model, held[0], multiple)
        right = (probability > 0.5) == held[1]
        of_truth = np.clip(np.where(held[1] == 1, probability, 1 - probability), 1e-7, 1)
        history.append({"epoch": epoch, "accuracy": float(right.mean()), "loss": float(-np.log(of_truth).mean())})
        if best is None or history[-1]["loss"] < best[0]:
            best = history[-1]["loss"], model.get_weights()
    if best is not None:
        model.set_weights(best[1])
    return history


class _KerasClassifier(classifier.Classifier):
    """What both classifiers share: the network as a `.keras` file without optimizer, beside the tables of ids."""

    def _write(self, folder):
        plain = keras.models.clone_model(self.model)  # never compiled: the file holds no state of the optimizer
        plain.set_weights(self.model.get_weights())
        plain.save(folder / "network.keras")
        self._write_tables(folder)

    def _read(self, folder):
        self.model = keras.saving.load_model(folder / "network.keras", compile=False)
        self._read_tables(folder)


class OriginalClassifier(_KerasClassifier):
    """The original's recipe: fixed length, padding in front and read, last state, the last epoch's weights.

    Validation chooses nothing. Without validation texts `fit` cuts off the original's share, a fifth of the rows.
    """

    def _fit(self, texts, labels, validation):
        keras.utils.set_random_seed(self.seed)
        settings = self.settings
        self.vocabulary = Vocabulary.fit(texts, settings["max_features"])
        self.model = original_network(*(settings[name] for name in ("max_features", "embedding_dim", "units")))
        optimizer = keras.optimizers.Adam(settings["learning_rate"])
        self.model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"])
        # `validation_split` takes the last rows as they stand, and texts often come sorted by label.
        order = np.random.default_rng(self.seed).permutation(len(texts))
        split = settings["validation_split"] if validation is None and len(texts) > 1 else 0.0
        history = self.model.fit(
            self._ids([texts[row] for row in order]),
            labels[order],
            batch_size=settings["batch_size"],
            epochs=settings["epochs"],
            validation_split=split,
            validation_data=None if validation is None else (self._ids(validation[0]), validation[1]),
            callbacks=[_Bar(self.recipe)],
            verbose=0,
        ).history
        self.chosen = {
            "history": [dict(zip(history, map(float, row), strict=True)) for row in zip(*history.values(), strict=True)]
        }

    def _predict(self, texts):
        answer, ids = _traced(self.model), self._ids(texts)
        starts = range(0, len(ids), PREDICTION_BATCH)
        return np.concatenate([answer(ids[start : start + PREDICTION_BATCH])[:, 0] for start in starts]).astype(float)

    def _ids(self, texts):
        return keras.utils.pad_sequences(self.vocabulary.encode(texts), maxlen=self.settings["maxlen"])

    def _write_tables(self, folder):
        self.vocabulary.save(folder / "vocabulary.json")

    def _read_tables(self, folder):
        self.vocabulary = Vocabulary.load(folder / "vocabulary.json")


class _Bar(keras.callbacks.Callback):
    """The progress of `model.fit`, shown as that of the other recipes."""

    def __init__(self, name: str):
        super().__init__()
        self.name = name

    def on_epoch_begin(self, epoch, logs=None):
        what = f"{self.name}: epoch {epoch + 1} of {self.params['epochs']}"
        self.steps = iter(classifier.progress(range(self.params["steps"]), what))
        next(self.steps, None)

    def on_train_batch_end(self, batch, logs=None):
        next(self.steps, None)


class GRUClassifier(_KerasClassifier):
    """A GRU that reads batches of similar length; its settings are those of `network`, `train` and the ids.

    settings: `reading` "keras" (the words of `gru_book.reviews.Vocabulary`, as the original reads them) or "tokens"
    (words and marks, and runs of them up to `longest` tokens, each kind in a table of its own); `max_words`, `fewest`,
    `max_runs`: see `Tokens.fit`; `maxlen`: the tokens of a text that are read (0 for all), `keep`: its "last" or
    "first" ones; `vectors`: 0, or the length of the `word_vectors` that single tokens begin with.
    """

    def _fit(self, texts, labels, validation):
        keras.utils.set_random_seed(self.seed)
        held = np.zeros(len(texts), bool) if validation else classifier.held_back(labels, self.seed)
        encoded = self._fit_tables(classifier.progress(texts, f"{self.recipe}: reading"))
        of_held = None
        if validation is not None:
            of_held = self._encode(validation[0]), validation[1]
        elif held.any():
            of_held = [encoded[row] for row in np.flatnonzero(held)], labels[held]
        kept = np.flatnonzero(~held)
        rows = [encoded[row] for row in kept]
        self.model = self._network()
        if length := self.settings["vectors"]:
            table = next(layer for layer in self.model.layers if isinstance(layer, layers.Embedding)).embeddings
            table.assign(word_vectors([ids[:, 0] for ids in rows], *table.shape, length, self.seed))
        history = train(self.model, rows, labels[kept], self.settings, self.seed, of_held, self.recipe)
        self.chosen = {"history": history}
        if history:
            best = min(history, key=lambda epoch: epoch["loss"])
            self.chosen |= {"epoch": best["epoch"], "validation_texts": len(of_held[1])}

    def _network(self):
        names = ("embedding_dim", "units", "mask", "pooling", "window", "bidirectional", "word_dropout")
        names += ("embedding_dropout", "recurrent_dropout", "dropout")
        return network(self._sizes(), seed=self.seed, **{name: self.settings[name] for name in names})

    def _fit_tables(self, texts):
        """Make the tables of ids from the texts, and return the texts encoded and cut."""
        settings = self.settings
        if settings["reading"] == "keras":
            self.tables = Vocabulary.fit(texts, settings["max_words"])
            return self._encode(texts)
        names = ("max_words", "longest", "fewest", "max_runs")
        self.tables, encoded = Tokens.fit(texts, *(settings[name] for name in names))
        return self._cut(encoded)

    def _sizes(self):
        return [self.settings["max_words"]] if self.settings["reading"] == "keras" else self.tables.sizes

    def _encode(self, texts):
        encoded = self.tables.encode(texts)
        if self.settings["reading"] == "keras":
            encoded = [np.array(ids, np.int32)[:, None] for ids in encoded]
        return self._cut(encoded)

    def _cut(self, encoded):
        maxlen = self.settings["maxlen"] or max(map(len, encoded))
        kept = slice(-maxlen, None) if self.settings["keep"] == "last" else slice(maxlen)
        return [np.concatenate([ids[:1], ids[1:][kept]]) for ids in encoded]

    def _predict(self, texts):
        return predict(self.model, self._encode(texts), self.settings["window"] or self.settings["multiple"])

    def _write_tables(self, folder):
        if self.settings["reading"] == "keras":
            self.tables.save(folder / "vocabulary.json")
            return
        words = json.dumps(self.tables.words, ensure_ascii=False, indent=0)
        (folder / "vocabulary.json").write_text(words + "\n", encoding="utf-8")
        np.savez_compressed(folder / "runs.npz", *self.tables.runs)

    def _read_tables(self, folder):
        if self.settings["reading"] == "keras":
            self.tables = Vocabulary.load(folder / "vocabulary.json")
            return
        words = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        with np.load(folder / "runs.npz", allow_pickle=False) as arrays:
            self.tables = Tokens(words, [arrays[name] for name in arrays.files])
