"""The original's network and its settings, to the number."""

from gru_book import recipes
from gru_book.models.networks import original_network

TEXTS = ["Not good, not good!", "good film", "A bad film", "not bad"]


def test_the_original_is_the_notebooks_model_to_the_number():
    model = original_network()
    assert [type(layer).__name__ for layer in model.layers] == ["Embedding", "GRU", "Dense"]
    assert model.count_params() == 1_379_201
    settings = recipes.RECIPES["original"].settings
    assert (settings["max_features"], settings["maxlen"]) == (10_000, 500)
    assert (settings["batch_size"], settings["epochs"], settings["validation_split"]) == (32, 5, 0.2)
    fitted = recipes.fit("original", TEXTS * 5, [1, 1, 0, 1] * 5, settings={"units": 4, "embedding_dim": 4})
    assert len(fitted.chosen["history"]) == 5
    assert fitted.encode(["good film"]).shape == (1, 500)
    assert fitted.encode(["good film"])[0, :-3].max() == 0  # padding in front
