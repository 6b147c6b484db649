"""The named recipes: what they compute, what they refuse, and that a saved one predicts what it did."""

import functools
import warnings

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from gru_book import progress, recipes
from gru_book.data import tokens
from gru_book.models import keras_classifier
from gru_book.training import seeding

GOOD = ["a joy to watch", "good, very good!", "not bad at all", "I loved it"]
BAD = ["a bore to sit through", "bad, very bad!", "not good at all", "I hated it"]
LINEAR = ("linear", "nbsvm")
TINY = {"units": 8, "embedding_dim": 8}
FEW = TINY | {"max_words": 300, "max_runs": 300, "window": 5}
SMALL = {
    "original": TINY | {"maxlen": 50},
    "best": FEW,
    "blend": FEW | {"adversary": 0},
}  # changes that make a recipe quick enough for a test
every_recipe = pytest.mark.parametrize("name", recipes.RECIPES)


def fit(name: str, texts, labels, **arguments):
    return recipes.fit(name, texts, labels, settings=SMALL.get(name), **arguments)


@functools.cache
def fitted(name: str):
    """Return a classifier that several tests look at, and none changes."""
    seeding.set_seed(0)  # op determinism, without which TensorFlow adds up in an order of its own
    return fit(name, *some_reviews(300), seed=3)


LEARNS = keras_classifier.FEWEST_UPDATES


@pytest.fixture(autouse=True)
def _quiet_and_quick(monkeypatch, tmp_path):
    monkeypatch.setenv(progress.CHANNEL, str(tmp_path / "progress"))
    monkeypatch.setattr(keras_classifier, "FEWEST_UPDATES", 3)


def some_reviews(number: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Texts of two phrases of one mood and one neutral word, half of each label."""
    rng = np.random.default_rng(seed)
    labels = np.arange(number) % 2
    texts = [" ".join([*rng.choice(GOOD if y else BAD, 2), f"film{rng.integers(9)}"]) for y in labels]
    return texts, labels


@every_recipe
def test_it_learns_and_gives_probabilities(name, monkeypatch):
    monkeypatch.setattr(keras_classifier, "FEWEST_UPDATES", LEARNS)
    texts, labels = some_reviews(60)
    model = fit(name, texts, labels)
    # Sixty texts with turned pieces beside them leave web in doubt about "not good at all" alone.
    blame = "a bore, not good at all" if name == "web" else "not good at all"
    probability = model.predict_proba([blame, "not bad at all", "a joy"])
    assert probability.shape == (3,)
    assert probability.dtype == np.float64
    assert np.all((probability > 0) & (probability < 1))
    if name != "original":  # its five epochs are ten updates here
        assert probability[0] < 0.5 < probability[2]
    if name in (*LINEAR, "web"):  # a pair is enough to tell "not bad", and web is taught it
        assert probability[1] > 0.5


def by_hand_linear(texts, labels, C, seen):
    reader = TfidfVectorizer(token_pattern=tokens.TOKEN, ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = LogisticRegression(C=C, solver="liblinear", dual=True, max_iter=1000, random_state=0)
    model.fit(reader.fit_transform(texts), labels)
    return model.predict_proba(reader.transform(seen))[:, 1]


def by_hand_nbsvm(texts, labels, C, seen):
    reader = CountVectorizer(token_pattern=tokens.TOKEN, ngram_range=(1, 3), min_df=2, binary=True)
    there = reader.fit_transform(texts).toarray().astype(float)
    p, q = 1 + there[labels == 1].sum(0), 1 + there[labels == 0].sum(0)
    ratio = np.log(p / p.sum()) - np.log(q / q.sum())
    model = LogisticRegression(C=C, solver="liblinear", dual=True, max_iter=1000, random_state=0)
    model.fit(there * ratio, labels)
    return model.predict_proba(reader.transform(seen).toarray() * ratio)[:, 1]


@pytest.mark.parametrize(("name", "by_hand"), [("linear", by_hand_linear), ("nbsvm", by_hand_nbsvm)])
def test_it_is_what_a_few_lines_of_scikit_learn_compute(name, by_hand):
    texts, labels = some_reviews(200)
    seen = some_reviews(20, seed=1)[0]
    model = recipes.fit(name, texts, labels, validation=some_reviews(40, seed=2))
    np.testing.assert_allclose(model.predict_proba(seen), by_hand(texts, labels, model.chosen["C"], seen), atol=1e-6)


@every_recipe
def test_the_same_seed_gives_the_same_classifier_and_fit_leaves_the_recipe_alone(name):
    texts, labels = some_reviews(300)
    before = str(recipes.RECIPES[name].settings)
    first, second = fitted(name), fit(name, texts, labels, seed=3)
    of_first, of_second = (model.predict_proba(texts) for model in (first, second))
    # blend was once seen to differ in the eleventh digit, so it is held to the 32 bits of its network.
    np.testing.assert_allclose(of_first, of_second, rtol=1e-6 if name == "blend" else 0)
    assert first.chosen == second.chosen
    assert str(recipes.RECIPES[name].settings) == before


def test_choices_are_made_on_the_validation_texts():
    texts, labels = some_reviews(300)
    held_inside = recipes.fit("linear", texts, labels)
    assert held_inside.chosen["validation_texts"] == 30
    given = recipes.fit("linear", texts, labels, validation=(["a joy", "a bore"], [1, 0]))
    assert given.chosen["validation_texts"] == 2
    assert given.chosen["C"] == given.settings["grid"][int(np.argmax(given.chosen["validation_accuracy"]))]
    few = recipes.fit("linear", texts[:50], labels[:50])
    assert few.chosen == {"C": few.settings["default"]}


@every_recipe
def test_a_saved_classifier_predicts_what_it_did(name, tmp_path):
    texts, labels = some_reviews(60)
    model = fitted(name)
    model.save(tmp_path / "saved")
    recipes.fit("linear", texts[:20], labels[:20]).save(tmp_path / "saved")  # replaced as a whole
    model.save(tmp_path / "saved")
    again = recipes.load(tmp_path / "saved")
    np.testing.assert_array_equal(again.predict_proba(texts), model.predict_proba(texts))
    assert (again.recipe, again.seed, again.settings, again.chosen) == (name, 3, model.settings, model.chosen)
    assert {path.suffix for path in (tmp_path / "saved").iterdir()} <= {".json", ".npz", ".keras"}
    assert [path.name for path in tmp_path.iterdir() if "saved" in path.name] == ["saved"]


@pytest.fixture
def saved(tmp_path):
    recipes.fit("linear", *some_reviews(40)).save(tmp_path / "saved")
    return tmp_path / "saved"


@pytest.mark.parametrize("file", ["model.json", "vocabulary.json", "weights.npz"])
def test_a_missing_or_altered_file_is_refused(saved, file):
    content = (saved / file).read_bytes()
    (saved / file).write_bytes(content.replace(content[60:63], b"xyz", 1))
    with pytest.raises(ValueError, match=f"{file} (was altered|is not what save wrote)"):
        recipes.load(saved)
    (saved / file).unlink()
    with pytest.raises(ValueError, match=rf"no saved classifier, {file}|{file} is missing"):
        recipes.load(saved)


def test_a_changed_setting_in_the_manifest_is_refused(saved):
    manifest = saved / "model.json"
    manifest.write_text(manifest.read_text().replace('"longest": 2', '"longest": 3'))
    with pytest.raises(ValueError, match=r"model.json was altered: its SHA-256 differs"):
        recipes.load(saved)
    manifest.write_text("[]")
    with pytest.raises(ValueError, match="is not what save wrote"):
        recipes.load(saved)


def test_save_spares_what_it_did_not_write(tmp_path):
    model = recipes.fit("linear", *some_reviews(40))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="a folder that holds anything but a saved classifier; allowed: a new place"):
        model.save(tmp_path / "mine")
    with pytest.raises(ValueError, match="a file that is not a saved classifier"):
        model.save(tmp_path / "mine" / "thesis.txt")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        ([], [], "texts is empty; allowed: at least one text of each label"),
        (["good"], [1], "labels are all 1; allowed: 0 and 1, each at least once"),
        (["a", "b"], [0, 0], "labels are all 0"),
        (["a", "b"], [0, 2], r"labels\[1\] is 2; allowed: 0 and 1"),
        (["a", "b"], [0, -1], r"labels\[1\] is -1"),
        (["a", "b"], ["0", "1"], r"labels\[0\] is '0'"),
        (["a", "b"], [0, float("nan")], r"labels\[1\] is nan"),
        (["a", "b"], [0, None], r"labels\[1\] is None"),
        (["a", "b"], [0], "labels has 1 entries; allowed: 2, one for each text"),
        (["a", "b"], 1, "labels is 1; allowed: a 0 or 1 for each text"),
        (["a", 7], [0, 1], r"texts\[1\] is 7 \(int\); allowed: strings"),
        (["a", float("nan")], [0, 1], r"texts\[1\] is NaN \(float\); allowed: strings"),
        (["a", None], [0, 1], r"texts\[1\] is None \(NoneType\)"),
        ("ab", [0, 1], r"texts is one str; allowed: a list of strings: write \[text\]"),
        (7, [0, 1], "texts is 7; allowed: a list of strings"),
        (["", "§"], [0, 1], "the 2 texts share no word that could be counted"),
    ],
)
@every_recipe
def test_bad_texts_and_labels_are_refused(name, texts, labels, message):
    with pytest.raises(ValueError, match=message):
        recipes.fit(name, texts, labels)


def test_other_bad_input_is_refused():
    texts, labels = some_reviews(20)
    with pytest.raises(ValueError, match=r"name is 'nb-svm' \(did you mean 'nbsvm'\?\); allowed: .*'linear', 'nbsvm'"):
        recipes.fit("nb-svm", texts, labels)
    with pytest.raises(ValueError, match=r"name is 7; allowed"):
        recipes.fit(7, texts, labels)
    for seed in (-1, 2**32, 0.5, True, None):
        with pytest.raises(ValueError, match="seed is .*; allowed: whole numbers from 0 to 4294967295"):
            recipes.fit("linear", texts, labels, seed=seed)
    with pytest.raises(ValueError, match=r"validation is a str; allowed: None or a pair"):
        recipes.fit("linear", texts, labels, validation="20%")
    with pytest.raises(ValueError, match="validation texts is empty; allowed: at least one text$"):
        recipes.fit("linear", texts, labels, validation=([], []))
    with pytest.raises(ValueError, match=r"validation labels\[0\] is 3"):
        recipes.fit("linear", texts, labels, validation=(["a"], [3]))
    with pytest.raises(ValueError, match=r"settings has 'unit' \(did you mean 'units'\?\); allowed: 'reading'"):
        recipes.fit("fast", texts, labels, settings={"unit": 3})
    model = recipes.fit("linear", texts, labels)
    with pytest.raises(ValueError, match="texts is one str"):
        model.predict_proba("good")
    with pytest.raises(ValueError, match=r"texts\[0\] is NaN"):
        model.predict_proba([float("nan")])


@every_recipe
def test_odd_texts_are_read(name):
    texts, labels = some_reviews(60)
    model = fit(name, [*texts, "très bon film", "ужасный фильм"], [*labels, 1, 0])
    odd = ["", "word " * 100_000, "très bon", "ужасный", "映画は素晴らしい", "\x00"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probability = model.predict_proba(odd)
        assert model.predict_proba([]).shape == (0,)
    assert np.isfinite(probability).all()
    if name not in LINEAR:
        return
    assert probability[2] > probability[3]
    assert probability[0] == probability[4] == probability[5]  # nothing known: what the model says of an empty text


def test_a_token_keeps_its_apostrophe_and_marks_count():
    reader = recipes.fit("linear", *some_reviews(20)).reader()
    assert reader.build_tokenizer()("I didn't; it's \"good\"?! snake_case — ’90s") == [
        *["i", "didn't", ";", "it's", '"', "good", '"', "?", "!", "snake", "case", "-", "90s"],
    ]
    assert reader.build_tokenizer()("Fine.<br />Not BAD") == ["fine", ".", "not", "bad"]


def test_progress_goes_to_the_pipelines_channel_or_leaves_no_line(tmp_path, monkeypatch, capsys):
    recipes.fit("linear", *some_reviews(20))
    assert (tmp_path / "progress").read_text() == '{"state": "linear: reading (20)"}\n'
    monkeypatch.delenv(progress.CHANNEL)
    recipes.fit("linear", *some_reviews(20))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("\r")


def test_an_interrupted_save_leaves_the_old_folder_whole(saved, monkeypatch):
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    model = recipes.load(saved)

    def full_disk(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez_compressed", full_disk)
    with pytest.raises(ValueError, match=r"cannot write path .*: no space left"):
        model.save(saved)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    assert {path.name for path in saved.parent.iterdir()} == {"saved", "progress"}
