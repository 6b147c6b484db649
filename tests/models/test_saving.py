"""Saved classifiers: a save destroys nothing that it did not make, and a load trusts nothing that it reads."""

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from gru_book import progress, recipes
from gru_book.errors import BookError
from gru_book.files import sha256
from gru_book.models import keras_classifier
from gru_book.models.saving import FORMAT, MANIFEST, is_saved

TEXTS, LABELS = ["good, a joy", "dull and bad", "a joy to see", "bad, a bore"] * 5, [1, 0, 1, 0] * 5
TINY = {"units": 2, "embedding_dim": 3}
SETTINGS = {
    "original": TINY | {"epochs": 1, "maxlen": 9},
    "fast": TINY,
    "best": TINY,
    "blend": TINY | {"adversary": 0},
    "web": TINY,
    "linear": {},
}


@pytest.fixture(autouse=True)
def _quiet(monkeypatch, tmp_path):
    monkeypatch.setenv(progress.CHANNEL, os.devnull)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A function that gives a fitted classifier by its recipe, each made once."""
    made, patch = {}, pytest.MonkeyPatch()
    patch.setenv(progress.CHANNEL, os.devnull)
    patch.setattr(keras_classifier, "FEWEST_UPDATES", 3)

    def fit(name):
        if name not in made:
            made[name] = recipes.fit(name, TEXTS, LABELS, settings=SETTINGS[name])
        return made[name]

    yield fit
    patch.undo()


@pytest.fixture
def saved(fitted, tmp_path):
    """A function that saves a classifier of a recipe and returns the folder."""

    def save(name="linear"):
        fitted(name).save(tmp_path / name)
        return tmp_path / name

    return save


def contents(folder: Path) -> dict:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in sorted(folder.rglob("*"))}


def seal(folder: Path, **changes) -> None:
    """Write the manifest as whoever knows the rules can: with changes, and all hashes right again."""
    content = json.loads((folder / MANIFEST).read_text())
    content["files"] = {name: sha256(folder / name) for name in content["files"] if (folder / name).is_file()}
    content = {key: value for key, value in (content | changes).items() if value is not ...}
    content.pop("sha256")
    (folder / MANIFEST).write_text(json.dumps(content | {"sha256": sha256(json.dumps(content))}))


def refused(folder: Path) -> str:
    """Return what `load` says: one line, a ValueError of ours."""
    with pytest.raises(ValueError, match=".") as error:
        recipes.load(folder)
    assert isinstance(error.value, BookError), repr(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


# ---- a save destroys nothing that it did not make


def a_foreign_model(place):
    """The case of the report: a file of another program that is called as our manifest is."""
    (place / "run1").mkdir(parents=True)
    (place / "run1/notes.txt").write_text("years of work")
    (place / MANIFEST).write_text('{"format": "layers-model"}')
    (place / "weights.bin").write_bytes(b"weights")


def ours_and_a_note(place):
    (place / "notes.txt").write_text("years of work")


def ours_and_a_folder(place):
    (place / "notes").mkdir()


def ours_with_a_link(place):
    (place / "weights.npz").rename(place.parent / "weights.npz")
    (place / "weights.npz").symlink_to(place.parent / "weights.npz")


def ours_with_a_pipe(place):
    (place / "weights.npz").unlink()
    os.mkfifo(place / "weights.npz")


def ours_edited(place):
    (place / "vocabulary.json").write_text('["a word that took a year to find"]')


def ours_with_another_manifest(place):
    (place / MANIFEST).write_text("{}")


def ours_without_a_file(place):
    (place / "weights.npz").unlink()
    (place / "weights.npz.backup").write_text("kept")


def a_manifest_that_names_a_thesis(place):
    for file in place.iterdir():
        if file.name != MANIFEST:
            file.unlink()
    (place / "thesis.txt").write_text("years of work")
    seal(place, files={"thesis.txt": sha256(place / "thesis.txt")})


def a_manifest_that_names_nothing(place):
    seal(place, files={})


FOREIGN = [
    ours_and_a_note, ours_and_a_folder, ours_with_a_link, ours_with_a_pipe, ours_edited, ours_with_another_manifest,
    ours_without_a_file, a_manifest_that_names_a_thesis, a_manifest_that_names_nothing, a_foreign_model,
]  # fmt: skip


@pytest.mark.parametrize("spoil", FOREIGN, ids=lambda spoil: spoil.__name__)
def test_a_save_destroys_nothing_that_it_did_not_make(fitted, saved, tmp_path, monkeypatch, spoil):
    place = tmp_path / "exports" if spoil is a_foreign_model else saved()
    spoil(place)
    before = contents(tmp_path)
    model = fitted("linear")
    with monkeypatch.context() as patched:
        patched.setattr(type(model), "write", lambda *_: pytest.fail("the work has begun"))
        with pytest.raises(
            ValueError, match="a folder that holds anything but a saved classifier; allowed: a new place"
        ):
            model.save(place)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["", ".", "/", "..", "~nobody_of_that_name", "a\0b", "x" * 300, "/dev/null", None, 7])
def test_a_save_refuses_what_is_no_place_in_one_line(fitted, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="^path is .*allowed: ") as error:
        fitted("linear").save(name)
    assert "\n" not in str(error.value)
    assert os.listdir(tmp_path) == []


def test_a_save_spares_what_bears_the_name_of_its_own_first_try(fitted, tmp_path):
    for name in ("m.partial", ".m.partial", ".gru-book-mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("years of work")
    before = contents(tmp_path)
    fitted("linear").save(tmp_path / "m")
    fitted("linear").save(tmp_path / "m")
    assert {name: text for name, text in contents(tmp_path).items() if name.split("/")[0] != "m"} == before


def test_a_save_takes_an_empty_folder_a_saved_one_and_the_home_folder(fitted, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    fitted("linear").save("~/m")
    fitted("linear").save("m")
    fitted("linear").save(Path("~/deep/er/m"))
    assert sorted(os.listdir(tmp_path)) == ["deep", "m"]
    np.testing.assert_array_equal(
        recipes.load("~/deep/er/m").predict_proba(TEXTS), fitted("linear").predict_proba(TEXTS)
    )


KILLED = """
import os, signal, sys
import numpy as np
from gru_book import recipes
model = recipes.load(sys.argv[1])
np.savez_compressed = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
model.save(sys.argv[1])
"""


def test_a_killed_save_leaves_the_old_one_and_the_next_sweeps_up(fitted, saved, tmp_path):
    place = saved()
    before = contents(place)
    assert subprocess.run([sys.executable, "-c", KILLED, str(place)]).returncode < 0
    assert contents(place) == before
    litter = [name for name in os.listdir(tmp_path) if name != place.name]
    assert len(litter) == 1  # so the sweep has something to do
    fitted("linear").save(tmp_path / "another")
    assert sorted(os.listdir(tmp_path)) == ["another", place.name]


def test_a_classifier_that_was_between_two_names_is_put_back_by_load(fitted, saved, tmp_path):
    place = saved()
    beside = tmp_path / ".gru-book-dead"
    (beside / "new").mkdir(parents=True)
    (beside / "old").mkdir()
    (beside / "writing").touch()
    place.rename(beside / "old" / place.name)
    np.testing.assert_array_equal(recipes.load(place).predict_proba(TEXTS), fitted("linear").predict_proba(TEXTS))
    assert os.listdir(tmp_path) == [place.name]


def test_a_classifier_of_the_first_edition_is_replaced_but_not_read(fitted, saved):
    place = saved("web")
    (place / "network.npz").rename(place / "network.keras")
    seal(place, format=1, files={name: sha256(place / name) for name in ("network.keras", "vocabulary.json")})
    assert f"has format 1; allowed: {FORMAT}; train the classifier again" in refused(place)
    fitted("linear").save(place)
    assert recipes.load(place).recipe == "linear"


def test_weights_that_are_not_finite_are_not_saved(fitted, tmp_path):
    model = fitted("fast")
    kept = model.model.get_weights()
    model.model.set_weights([np.full_like(array, np.nan) for array in kept])
    try:
        with pytest.raises(ValueError, match="weights that are not finite; train it with a smaller step than 0.01"):
            model.save(tmp_path / "m")
    finally:
        model.model.set_weights(kept)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["best", "blend"])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras's save under NumPy 2
def test_the_network_alone_can_be_saved_as_keras_saves_it(fitted, tmp_path, name):
    model = fitted(name).model
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    clone.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras", compile=False)
    ids = np.full((2, 50, 3), 3, np.int32)
    np.testing.assert_array_equal(again(ids), model(ids))


# ---- a load trusts nothing that it reads


@pytest.mark.parametrize("name", SETTINGS)
def test_what_was_saved_is_loaded(fitted, saved, name):
    again = recipes.load(saved(name))
    np.testing.assert_array_equal(again.predict_proba(TEXTS), fitted(name).predict_proba(TEXTS))
    assert again.settings == fitted(name).settings
    assert type(again.settings) is type(fitted(name).settings)
    assert again.files == {file.name for file in saved(name).iterdir()} - {MANIFEST}


def test_what_best_named_before_is_loaded_as_a_blend(fitted, saved):
    place = saved("blend")
    seal(place, recipe="best")
    again = recipes.load(place)
    assert again.recipe == "blend"
    np.testing.assert_array_equal(again.predict_proba(TEXTS), fitted("blend").predict_proba(TEXTS))
    settings = fitted("best").settings.plain()
    seal(place, recipe="best", settings=settings)
    assert "linear_vocabulary.json" in refused(place)


MANIFESTS = [
    ({"files": {}}, "is not what save wrote"),
    ({"files": {"../../x": "0" * 64}}, "is not what save wrote"),
    ({"files": {"/etc/passwd": "0" * 64}}, "is not what save wrote"),
    ({"files": ["weights.npz"]}, "is not what save wrote"),
    ({"files": {"weights.npz": 7, "vocabulary.json": 7}}, "is not what save wrote"),
    ({"files": {"weights.npz": "0" * 64}}, "names weights.npz; allowed: vocabulary.json, weights.npz"),
    ({"files": {"network.npz": "0" * 64, "vocabulary.json": "0" * 64}}, "names network.npz, vocabulary.json; allowed"),
    ({"files": ...}, "is not what save wrote"),
    ({"chosen": ...}, "is not what save wrote"),
    ({"chosen": [1]}, "is not what save wrote"),
    ({"extra": 1}, "is not what save wrote"),
    ({"format": "2"}, "has format '2'; allowed"),
    ({"format": True}, "has format True; allowed"),
    ({"format": 10**9}, "has format 1000000000; allowed"),
    ({"format": [2]}, "has format [2]"),
    ({"recipe": "lineer"}, "names the recipe 'lineer'; allowed: original"),
    ({"recipe": ["linear"]}, "names the recipe ['linear']"),
    ({"recipe": None}, "names the recipe None"),
    ({"recipe": "fast"}, "settings are {'weighting'"),
    ({"seed": -1}, "is not what save wrote"),
    ({"seed": 2**32}, "is not what save wrote"),
    ({"seed": 0.5}, "is not what save wrote"),
    ({"settings": {}}, "settings are {}; allowed: exactly weighting, longest, grid, default"),
    ({"settings": None}, "settings are None"),
    ({"settings": {"weighting": "tfidf", "longest": 10**9, "grid": [1.0], "default": 1.0}}, "longest = 1000000000"),
    ({"settings": {"weighting": "x", "longest": 2, "grid": [1.0], "default": 1.0}}, "weighting = 'x' is not allowed"),
    ({"settings": {"weighting": "tfidf", "longest": 2, "grid": "1", "default": 1.0}}, "grid is '1'"),
]


@pytest.mark.parametrize(("changes", "message"), MANIFESTS)
def test_a_forged_manifest_is_refused_in_one_line(saved, changes, message):
    place = saved()
    seal(place, **changes)
    assert message in refused(place)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '"model"', "[" * 100_000, "{}", "\x00", '{"format": 2}', "9" * 5000, "NaN"],
    ids=lambda text: text[:8],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_that_is_no_manifest_is_refused_in_one_line(saved, text, encoding):
    place = saved()
    (place / MANIFEST).write_bytes(text.encode(encoding))
    assert refused(place)


def test_a_manifest_without_end_is_not_read(saved):
    place = saved()
    with open(place / MANIFEST, "ab") as file:
        file.truncate(2**34)  # a hole: no bytes on the disk
    assert "has 17,179,869,184 bytes; allowed: at most" in refused(place)


def in_place_of(file, how):
    file.unlink()
    how(file)


@pytest.mark.parametrize("name", [MANIFEST, "weights.npz", "vocabulary.json"])
@pytest.mark.parametrize(
    "how",
    [
        os.mkfifo,
        os.mkdir,
        lambda file: file.symlink_to("/dev/zero"),
        lambda file: file.symlink_to(file.name),
        os.fspath,
    ],
    ids=["pipe", "folder", "device", "loop", "missing"],
)
def test_what_is_no_plain_file_is_refused_and_does_not_hang(saved, name, how):
    place = saved()
    in_place_of(place / name, how)
    said = refused(place)
    assert "is a link, a folder or a device; allowed: a plain file" in said or "missing" in said


@pytest.mark.parametrize("where", ["nowhere", "file", "file/below", "pipe", "a\0b", "~nobody_of_that_name", None, 7])
def test_where_nothing_is_saved_is_said_in_one_line(tmp_path, where):
    (tmp_path / "file").write_text("text")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / where if isinstance(where, str) and "~" not in where else where)


def npz(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def claims_more(data: bytes) -> bytes:
    """An npz whose headers promise arrays a million times as large."""
    made, old = io.BytesIO(), zipfile.ZipFile(io.BytesIO(data))
    with zipfile.ZipFile(made, "w") as archive:
        for name in old.namelist():
            header = io.BytesIO()
            shape = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
            np.lib.format.write_array_header_1_0(header, shape)
            archive.writestr(name, header.getvalue())
    return made.getvalue()


def changed(data: bytes, change) -> bytes:
    with np.load(io.BytesIO(data)) as arrays:
        return npz(**change(dict(arrays)))


DAMAGES = {
    "empty": lambda data: b"",
    "cut": cut,
    "text": lambda data: b"no zip",
    "zeros": lambda data: bytes(len(data)),
    "flipped": lambda data: data[:40] + bytes(byte ^ 0xFF for byte in data[40:80]) + data[80:],
    "end flipped": lambda data: data[:-30] + bytes(byte ^ 0xFF for byte in data[-30:]),
    "no array": lambda data: npz(),
    "one more": lambda data: changed(data, lambda arrays: arrays | {"more": np.zeros(1)}),
    "another name": lambda data: changed(data, lambda arrays: {f"x{name}": a for name, a in arrays.items()}),
    "NaN": lambda data: changed(data, lambda arrays: {n: np.full_like(a, np.nan) for n, a in arrays.items()}),
    "infinity": lambda data: changed(data, lambda arrays: {n: np.full_like(a, np.inf) for n, a in arrays.items()}),
    "another type": lambda data: changed(data, lambda arrays: {n: a.astype(np.float16) for n, a in arrays.items()}),
    "objects": lambda data: changed(data, lambda arrays: {n: a.astype(object) for n, a in arrays.items()}),
    "texts": lambda data: changed(data, lambda arrays: {n: a.astype(str) for n, a in arrays.items()}),
    "one row less": lambda data: changed(data, lambda arrays: {n: a[1:] if a.ndim else a for n, a in arrays.items()}),
    "one axis more": lambda data: changed(data, lambda arrays: {n: a[None] for n, a in arrays.items()}),
    "claims more": claims_more,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    ("name", "file"),
    [("linear", "weights.npz"), ("web", "network.npz"), ("best", "network.npz"), ("blend", "linear_weights.npz")],
)
def test_damaged_weights_are_refused_in_one_line(saved, name, file, damage):
    place = saved(name)
    data = (place / file).read_bytes()
    (place / file).write_bytes(DAMAGES[damage](data))
    assert f"{file} was altered: its SHA-256 differs" in refused(place)
    seal(place)
    assert file in refused(place)


@pytest.mark.parametrize(
    "words",
    [
        "[]",
        "{}",
        "7",
        "[7]",
        '["a", "a"]',
        "[null]",
        '["good"',
        "[[]]",
        '["only one word"]',
        "[" * 100_000,
        '{"words": []}',
    ],
    ids=lambda words: words[:16],
)
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("linear", "vocabulary.json"),
        ("fast", "vocabulary.json"),
        ("web", "vocabulary.json"),
        ("best", "vocabulary.json"),
        ("blend", "linear_vocabulary.json"),
    ],
)
def test_another_vocabulary_is_refused_in_one_line(saved, name, file, words):
    place = saved(name)
    (place / file).write_text(words)
    seal(place)
    assert refused(place)


def test_a_vocabulary_of_other_size_is_refused(saved):
    for name, file in (("fast", "vocabulary.json"), ("linear", "vocabulary.json")):
        place = saved(name)
        words = json.loads((place / file).read_text())
        for other in (words[:-1], [*words, "another"]):
            (place / file).write_text(json.dumps(other))
            seal(place)
            assert "has type" in refused(place)
    place = saved("web")
    content = json.loads((place / "vocabulary.json").read_text())
    (place / "vocabulary.json").write_text(json.dumps(content | {"max_features": 500}))
    seal(place)
    assert "has max_features 500; allowed: 10000, as in settings" in refused(place)


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([[-1, 5]], "runs of words that its vocabulary lacks"),
        ([[5, 2**62]], "runs of words that its vocabulary lacks"),
        ([[30, 20]], "runs that are not sorted"),
        ([[20, 20]], "runs that are not sorted"),
        ([], "holds 0 arrays; allowed: arr_0"),
        ([[20], [30]], "holds 2 arrays; allowed: arr_0"),
        ([np.array([20.0])], "has type float64"),
        ([np.array([[20]])], "has type int64 and shape (1, 1)"),
    ],
)
def test_other_runs_are_refused(saved, runs, message):
    place = saved("fast")
    np.savez(place / "runs.npz", *map(np.asarray, runs))
    seal(place)
    assert message in refused(place)


@pytest.mark.parametrize("weights", [..., None, [1.0, 2.0], [1.0, 2.0, float("nan")], ["a", "b", "c"], {"a": 1}, 7])
def test_other_weights_between_the_two_models_are_refused(saved, weights):
    place = saved("blend")
    chosen = json.loads((place / MANIFEST).read_text())["chosen"]
    chosen["weights"] = weights
    seal(place, chosen={key: value for key, value in chosen.items() if value is not ...})
    assert "its two weights and constant are not what `even` can be" in refused(place)


def test_nothing_outside_of_the_folder_is_read(saved, tmp_path):
    place = saved()
    shutil.copy(place / "weights.npz", tmp_path / "weights.npz")
    seal(place, files={"../weights.npz": sha256(tmp_path / "weights.npz"), "vocabulary.json": "0" * 64})
    assert "is not what save wrote" in refused(place)
    assert not is_saved(place)
