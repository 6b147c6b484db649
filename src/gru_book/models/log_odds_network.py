"""The network of the recipe "best": a GRU that reads, beside each token's vector, what naive Bayes makes of it."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers, ops

from gru_book.data.tokens import PAD
from gru_book.models.networks import Pool, Windows, WordDropout

VOTE = 0.2  # factor of the summed log-odds: brings them to the size of the pooled states


@keras.saving.register_keras_serializable("gru_book")
class Lookup(layers.Embedding):
    """An Embedding that reads the rows of its ids from the variable itself.

    Keras's own reads the variable first, which TensorFlow copies as a whole once an optimizer writes to single rows of
    it, as `LazyAdam` does. Such copies of three large tables take a third of the time of a step.
    """

    def call(self, ids):
        """Return the vectors of ids (batch, steps): (batch, steps, dim)."""
        return tf.gather(self.embeddings.value, ids)


@keras.saving.register_keras_serializable("gru_book")
class Votes(layers.Layer):
    """Sum the log-odds over a text: (batch, steps, tables) and ids (batch, steps) to (batch, tables).

    The sums are divided by the root of the number of steps, which keeps their spread alike for texts of any length.
    """

    def call(self, odds, ids):
        """Return the sums."""
        steps = ops.sum(ops.cast(ops.not_equal(ids, PAD), odds.dtype), axis=1, keepdims=True)
        return VOTE * ops.sum(odds, axis=1) / ops.sqrt(ops.maximum(steps, 1))


def log_odds_network(
    sizes: list[int],
    embedding_dim: int = 64,
    units: int = 64,
    pooling: str = "max+mean",
    window: int = 50,
    bidirectional: bool = True,
    word_dropout: float = 0.0,
    embedding_dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    dropout: float = 0.0,
    vote_dropout: float = 0.0,
    channels: float = 1.0,
    votes: bool = True,
    seed: int = 0,
) -> keras.Model:
    """Return a network from ids (batch, steps, tables), padding behind, to P(1), (batch, 1).

    It looks up two things for every id: a vector, which is learnt, and its log-odds, which are not and have to be set
    (the layers log_odds_0 and up). `channels` times the log-odds are further inputs of the GRU; with `votes` their
    sums join the pooled states. The other arguments are those of `networks.network`.
    """
    ids = keras.Input((None, len(sizes)), dtype="int32")  # (batch, steps, tables)
    columns = [ids[..., table] for table in range(len(sizes))]
    odds = layers.Concatenate(name="log_odds")(
        [
            layers.Embedding(size, 1, "zeros", trainable=False, name=f"log_odds_{table}")(column)
            for table, (size, column) in enumerate(zip(sizes, columns, strict=True))
        ]
    )  # (batch, steps, tables)
    parts = []
    for table, (size, column) in enumerate(zip(sizes, columns, strict=True)):
        start = "zeros" if table else "uniform"  # a run of tokens adds nothing to its last token until it has learnt to
        part = Lookup(size, embedding_dim, start, name=f"vectors_{table}")(column)
        parts.append(WordDropout(word_dropout, seed + table)(part) if word_dropout else part)
    x = layers.add(parts) if len(parts) > 1 else parts[0]  # (batch, steps, embedding_dim)
    x = layers.Dropout(embedding_dropout, seed=seed)(x)
    x = layers.concatenate([x, layers.Rescaling(channels)(odds)])  # (batch, steps, embedding_dim + tables)
    if window:
        x = Windows(window)(x)  # (batch · windows, window, …)
    reader = layers.GRU(units, return_sequences=True, recurrent_dropout=recurrent_dropout, seed=seed)
    states = (layers.Bidirectional(reader) if bidirectional else reader)(x)
    pooled = layers.Dropout(dropout, seed=seed)(Pool(pooling)(states, columns[0]))
    if votes:
        summed = layers.Dropout(vote_dropout, noise_shape=(None, 1), seed=seed)(Votes()(odds, columns[0]))
        pooled = layers.concatenate([pooled, summed])
    logit = layers.Dense(1, name="logit")(pooled)
    return keras.Model(ids, layers.Activation("sigmoid")(logit))


def trained_part(model: keras.Model) -> keras.Model:
    """Return the same network with the log-odds as a second input, (batch, steps, tables), and the logit as output.

    It shares its weights with `model`; in training each text brings the log-odds of the folds that it is not in.
    """
    return keras.Model([model.input, model.get_layer("log_odds").output], model.get_layer("logit").output)
