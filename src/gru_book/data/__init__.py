"""Texts on their way into a model: reviews, films, vocabulary and tokens, batches."""
