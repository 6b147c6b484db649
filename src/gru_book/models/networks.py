"""The networks of the recipes, and the layers that Keras does not have."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers, ops

from gru_book.data.tokens import PAD


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
        self.kind, self.supports_masking = kind, True

    def compute_mask(self, inputs, previous_mask):
        """Return None: no steps are left to mask."""

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
            x = tf.identity(self.embed(ids, training=True))  # (batch, steps, embedding_dim); `read` makes its own mask
            with tf.GradientTape() as inner:
                inner.watch(x)
                plain = self.compute_loss(ids, labels, self.read([ids, x], training=True))
            worse = tf.stop_gradient(inner.gradient(plain, x))
            worse *= tf.cast(ids[..., :1] != PAD, worse.dtype)
            move = self.strength * worse / (tf.norm(worse, axis=(1, 2), keepdims=True) + 1e-12)
            total = plain + self.compute_loss(ids, labels, self.read([ids, x + move], training=True))
        self.optimizer.apply(tape.gradient(total, self.trainable_weights), self.trainable_weights)
        return {"loss": plain}
