"""The ensemble: how it weighs its two halves."""

import numpy as np

from gru_book import recipes
from gru_book.models.ensemble import BlendClassifier


def test_blend_weighs_its_two_halves_on_the_validation_texts(moods):
    small = {"units": 4, "embedding_dim": 4, "max_words": 300, "max_runs": 300, "window": 5}
    small |= {"adversary": 0, "bidirectional": False}  # how its GRU is trained is no matter here
    model = recipes.fit("blend", *moods(60), validation=moods(30, 1), settings=small)
    assert isinstance(model, BlendClassifier)
    texts = moods(20, 2)[0]
    logits = [np.log(p / (1 - p)) for p in (model.gru_alone(texts), model.linear.predict_proba(texts))]
    a, b, c = model.weights
    expected = 1 / (1 + np.exp(-(a * logits[0] + b * logits[1] + c)))
    np.testing.assert_allclose(model.predict_proba(texts), expected, atol=1e-6)
    alone = recipes.fit("blend", *moods(60), validation=moods(30, 1), settings=small | {"linear": None})
    np.testing.assert_allclose(alone.predict_proba(texts), model.gru_alone(texts), atol=1e-6)
    few = recipes.fit("blend", *moods(20), settings=small)
    assert few.weights == few.settings["even"]
