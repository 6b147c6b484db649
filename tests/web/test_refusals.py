"""What the explorer refuses, with the reason: networks that are something else, and bytes that somebody forged."""

import base64
import json
import os
import struct
import warnings
import zlib

import keras
import numpy as np
import pytest

from gru_book.data.vocabulary import Vocabulary
from gru_book.export import arrays
from gru_book.export.web import MAGIC, Packed, load_web, pack
from gru_book.layers.activations import sigmoid
from gru_book.models.reader import Reader
from gru_book.web import components
from gru_book.web.jupyter import Explorer

layers = keras.layers

# Keras says so where a layer lets a mask fall, and reads arrays in a way that NumPy 2 calls old.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask:UserWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]

WORDS = Vocabulary(["good", "bad", "not"], 6)


# --- the usual networks of tutorials ---------------------------------------------------------------------------------


def ids(*shape, dtype="int32", **options):
    return keras.Input(shape or (None,), dtype=dtype, **options)


def table(**options):
    return layers.Embedding(12, 4, **options)


def answer(**options):
    return layers.Dense(1, **{"activation": "sigmoid", **options})


def stack(*between, start=None, embed=None, end=None, **gru):
    """A Sequential of an embedding, what stands between, a GRU and a dense unit."""
    parts = [ids() if start is None else start, embed or table(mask_zero=True), *between, layers.GRU(3, **gru)]
    return keras.Sequential(parts + (end or [answer()]))


def functional(build, **options):
    text = ids(**options)
    return keras.Model(text, build(table(mask_zero=True)(text)))


def with_weight(number, value):
    model = stack()
    weights = model.get_weights()
    with np.errstate(over="ignore"):
        weights[number].flat[-1] = value
    model.set_weights(weights)
    return model


def under_policy(policy):
    keras.config.set_dtype_policy(policy)
    try:
        return stack()
    finally:
        keras.config.set_dtype_policy("float32")


def from_texts():
    reading = layers.TextVectorization()
    reading.adapt(["good bad not"])
    return keras.Sequential([keras.Input((), dtype="string"), reading, table(), layers.GRU(3), answer()])


def two_texts():
    title, text = ids(name="title"), ids(name="text")
    states = layers.concatenate([layers.GRU(3)(table()(part)) for part in (title, text)])
    return keras.Model([title, text], answer()(states))


def two_answers():
    text = ids()
    state = layers.GRU(3)(table()(text))
    return keras.Model(text, [answer(name="mood")(state), answer(name="stars")(state)])


def quantised():
    model = stack()
    model.layers[0].quantize("int8")
    return model


def adapted():
    model = stack()
    model.layers[0].enable_lora(2)
    return model


class Subclassed(keras.Model):
    """A model without an Input, as some tutorials write it."""

    def __init__(self):
        super().__init__()
        self.parts = [table(), layers.GRU(3), answer()]

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


class OtherGRU(layers.Layer):
    """Somebody's own layer under the same name."""

    def __init__(self):
        super().__init__()
        self.gru = layers.GRU(3)

    def call(self, x):
        return self.gru(x)


OtherGRU.__name__, OtherGRU.__module__ = "GRU", "mine.layers"


def called(model):
    model(np.ones((1, 3), "int32"))
    return model


LAYERS = "expected one Embedding, one GRU and one Dense\\(1\\)$"

REFUSED = {
    "an LSTM": (
        lambda: keras.Sequential([ids(), table(), layers.LSTM(3), answer()]),
        f"^model has the layers Embedding, LSTM, Dense\\(1\\); {LAYERS}",
    ),
    "a second GRU": (lambda: stack(layers.GRU(3, return_sequences=True)), f"Embedding, GRU, GRU, Dense.*{LAYERS}"),
    "both directions": (
        lambda: keras.Sequential([ids(), table(), layers.Bidirectional(layers.GRU(3)), answer()]),
        f"Embedding, Bidirectional, Dense.*{LAYERS}",
    ),
    "a cell in an RNN": (
        lambda: keras.Sequential([ids(), table(), layers.RNN(layers.GRUCell(3)), answer()]),
        f"Embedding, RNN, Dense.*{LAYERS}",
    ),
    "a hidden dense layer": (
        lambda: stack(end=[layers.Dense(8, activation="relu"), answer()]),
        f"Embedding, GRU, Dense\\(8\\), Dense\\(1\\); {LAYERS}",
    ),
    "two classes": (lambda: stack(end=[layers.Dense(2, activation="softmax")]), f"GRU, Dense\\(2\\); {LAYERS}"),
    "a convolution": (lambda: stack(layers.Conv1D(4, 3)), f"Embedding, Conv1D, GRU.*{LAYERS}"),
    "LayerNormalization": (lambda: stack(end=[layers.LayerNormalization(), answer()]), f"LayerNormalization.*{LAYERS}"),
    "BatchNormalization": (lambda: stack(layers.BatchNormalization()), f"Embedding, BatchNormalization.*{LAYERS}"),
    "attention": (
        lambda: functional(lambda x: answer()(layers.GRU(3)(layers.MultiHeadAttention(1, 4)(x, x)))),
        f"MultiHeadAttention.*{LAYERS}",
    ),
    "models in a model": (
        lambda: keras.Sequential([ids(), keras.Sequential([table(), layers.GRU(3)]), answer()]),
        f"^model has the layers Sequential, Dense\\(1\\); {LAYERS}",
    ),
    "a layer of one's own": (
        lambda: keras.Sequential([ids(), table(), OtherGRU(), answer()]),
        f"GRU of mine.*{LAYERS}",
    ),
    "one-hot vectors": (
        lambda: keras.Sequential([keras.Input((None, 5)), layers.GRU(3), answer()]),
        r"^model takes arrays of shape \(None, None, 5\); expected ids",
    ),
    "pooling": (
        lambda: stack(return_sequences=True, end=[layers.GlobalMaxPooling1D(), answer()]),
        "^model's GRU has return_sequences=True; expected one whose last state decides$",
    ),
    "an answer a step": (
        lambda: stack(return_sequences=True, end=[layers.TimeDistributed(answer())]),
        f"TimeDistributed.*{LAYERS}",
    ),
    "backwards": (
        lambda: stack(go_backwards=True),
        "GRU has {'go_backwards': True}; expected {'go_backwards': False}$",
    ),
    "stateful": (
        lambda: stack(start=keras.Input(batch_shape=(1, None), dtype="int32"), stateful=True),
        "GRU has {'stateful': True}; expected {'stateful': False}$",
    ),
    "a fixed batch": (
        lambda: stack(start=keras.Input(batch_shape=(32, None), dtype="int32")),
        "^model takes batches of 32 texts only; expected",
    ),
    "reset before": (lambda: stack(reset_after=False), "{'reset_after': False}; expected {'reset_after': True}$"),
    "no biases": (lambda: stack(use_bias=False), "GRU has {'use_bias': False}"),
    "no bias at the end": (lambda: stack(end=[answer(use_bias=False)]), "Dense has {'use_bias': False}"),
    "relu": (lambda: stack(activation="relu"), "activation = 'relu'; expected 'tanh'$"),
    "hard sigmoid": (lambda: stack(recurrent_activation="hard_sigmoid"), "'hard_sigmoid'; expected 'sigmoid'$"),
    "an activation that is a layer": (lambda: stack(activation=layers.LeakyReLU()), "'LeakyReLU'; expected 'tanh'$"),
    "logits": (lambda: stack(end=[answer(activation=None)]), "has the activation 'linear'; expected 'sigmoid'$"),
    "tanh at the end": (
        lambda: stack(end=[answer(activation="tanh")]),
        "has the activation 'tanh'; expected 'sigmoid'$",
    ),
    "texts": (
        from_texts,
        "^model takes texts, by its layers TextVectorization, Embedding, GRU, Dense; expected .* ids",
    ),
    "two texts": (two_texts, "^model has 2 inputs, title, text; expected one$"),
    "two answers": (two_answers, "^model has 2 outputs, .*; expected one$"),
    "a subclass": (
        lambda: called(Subclassed()),
        "^model is a Subclassed without inputs; expected a Sequential or func",
    ),
    "without weights yet": (
        lambda: keras.Sequential([table(), layers.GRU(3), answer()]),
        "^model is not built yet; expected one with weights",
    ),
    "mixed_float16": (lambda: under_policy("mixed_float16"), "dtype policy 'mixed_float16'; expected 'float32': make"),
    "mixed_bfloat16": (lambda: under_policy("mixed_bfloat16"), "dtype policy 'mixed_bfloat16'; expected 'float32'"),
    "float16": (lambda: under_policy("float16"), "dtype policy 'float16'; expected 'float32'"),
    "one layer in float16": (lambda: stack(dtype="mixed_float16"), "gru.* has the dtype policy 'mixed_float16'"),
    "int8": (quantised, "dtype policy 'int8_from_float32'; expected 'float32': take it before it is quantised$"),
    "an adapter": (adapted, "Embedding has the weights embeddings, lora_embeddings_a, .*; expected embeddings$"),
    "Lambda": (lambda: stack(layers.Lambda(lambda x: x)), "^model has the Lambda layer 'lambda.*', code that a file"),
    "a layer that computes": (lambda: stack(end=[layers.ReLU(), answer()]), "that computes; besides them it has ReLU$"),
    "a layer that scales": (lambda: stack(layers.Rescaling(2.0)), "that computes; besides them it has Rescaling$"),
    "a layer that shortens": (lambda: stack(layers.MaxPooling1D(2)), r"besides them it has MaxPooling1D"),
    "an inner operation": (
        lambda: functional(lambda x: answer()(layers.GRU(3)(x * 3.0))),
        "that computes; besides them it has Multiply$",
    ),
    "another start than zeros": (
        lambda: functional(lambda x: answer()(layers.GRU(3)(x, initial_state=layers.GlobalMaxPooling1D()(x)[:, :3]))),
        "with nothing between them that computes; besides them it has GlobalMaxPooling1D",
    ),
    "infinite vectors": (lambda: with_weight(0, np.inf), "Embedding has numbers in its embeddings that are not finite"),
    "NaN in the GRU": (lambda: with_weight(2, np.nan), "GRU has numbers in its recurrent_kernel that are not finite"),
    "infinity at the end": (lambda: with_weight(5, -np.inf), "Dense has numbers in its bias that are not finite"),
    "a layer": (lambda: layers.GRU(3), "^model is a GRU; expected a Keras model$"),
    "a class": (lambda: keras.Sequential, "^model is a type; expected a Keras model$"),
    "nothing": (lambda: None, "^model is a NoneType; expected a Keras model$"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_network_that_is_something_else_is_refused_with_its_reason(kind):
    make, message = REFUSED[kind]
    model = make()
    with pytest.raises(ValueError, match=message) as refused:
        Explorer.from_keras(model, WORDS)
    assert "\n" not in str(refused.value)


def with_dictionaries():
    text = ids(name="text")
    return keras.Model({"text": text}, {"mood": answer()(layers.GRU(3)(table(mask_zero=True)(text)))})


def last_of_two_outputs():
    return functional(lambda x: answer()(layers.GRU(3, return_state=True)(x)[1]))


TAKEN = {
    "Sequential": stack,
    "with dropout everywhere": lambda: stack(
        layers.SpatialDropout1D(0.2), dropout=0.2, recurrent_dropout=0.2, end=[layers.Dropout(0.5), answer()]
    ),
    "functional": lambda: functional(lambda x: answer()(layers.GRU(3)(x))),
    "of ids with an axis more": lambda: keras.Sequential(
        [ids(None, 1), layers.Reshape((-1,)), table(mask_zero=True), layers.GRU(3), answer()]
    ),
    "with return_state": last_of_two_outputs,
    "of texts of one length": lambda: stack(start=ids(20)),
    "of texts of one word": lambda: stack(start=ids(1)),
    "of float ids": lambda: stack(start=ids(dtype="float32")),
    "in float64": lambda: under_policy("float64"),
    "with a frozen table": lambda: stack(embed=table(mask_zero=True, trainable=False)),
    "with a linear layer": lambda: stack(end=[layers.Activation("linear"), answer()]),
    "with the same functions under other names": lambda: stack(
        activation=keras.ops.tanh, end=[answer(activation=layers.Activation("sigmoid"))]
    ),
    "with dictionaries": with_dictionaries,
    "with a batch of one": lambda: stack(start=keras.Input(batch_shape=(1, None), dtype="int32")),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_what_computes_the_same_is_taken_without_a_word(kind):
    model = TAKEN[kind]()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "model does not mask padding")
        packed = pack(model, WORDS)
    assert "pads" not in packed.header
    num_steps = model.inputs[0].shape[1] or 9
    text = np.random.default_rng(1).integers(1, 6, num_steps)
    shape = (1, num_steps, 1) if len(model.inputs[0].shape) == 3 else (1, num_steps)
    asked = text.reshape(shape).astype("int32")
    got = keras.tree.flatten(model({"text": asked} if kind == "with dictionaries" else asked, training=False))[0]
    assert float(np.ravel(got)[0]) == pytest.approx(float(sigmoid(packed.reader().score(text))), abs=2e-3)


UNMASKED = {
    "any length": lambda: stack(embed=table()),
    "one length": lambda: stack(start=ids(20), embed=table()),
    "a mask that a layer drops": lambda: stack(layers.Reshape((-1, 4)), embed=table(mask_zero=True)),
}


@pytest.mark.parametrize("kind", UNMASKED)
def test_a_network_that_reads_padding_is_taken_and_told(kind):
    with pytest.warns(UserWarning, match=r"does not mask padding \(id 0\): it answers 0\.\d+ .* shows texts without$"):
        packed = pack(UNMASKED[kind](), WORDS)
    assert packed.header["pads"] == "read"


def test_vocabularies_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="^vocabulary has ids up to 12; expected them below input_dim, 12$"):
        pack(stack(), Vocabulary(list("abcdefghij"), 13))
    for wrong in (["good"], {"good": 1}, None):
        with pytest.raises(ValueError, match=f"^vocabulary is a {type(wrong).__name__}; expected"):
            pack(stack(), wrong)
    with pytest.raises(ValueError, match="^packed is a Sequential; expected what gru_book.export.web.pack returns$"):
        Explorer(stack())


def test_a_network_of_kerass_own_ids_is_taken_with_their_shift():
    """The words of `keras.datasets.imdb` begin at id 4; as if they began at 3 each would get its neighbour's vector."""
    ranks, model = {"good": 1, "bad": 2, "not": 3}, stack()
    packed = pack(model, Vocabulary.from_keras(ranks, 12))
    assert packed.header["first"] == 4
    assert packed.header["words"] == ["good", "bad", "not"]
    with pytest.raises(ValueError, match="^vocabulary is a dict; expected .*Vocabulary.from_keras makes one$"):
        pack(model, ranks)
    with pytest.raises(ValueError, match="^vocabulary has ids up to 12; expected them below input_dim, 12$"):
        pack(model, Vocabulary(list("abcdefghi"), 13, first=4))


def test_the_reader_refuses_them_too():
    for number in (0, 2, 4):
        with pytest.raises(ValueError, match="not finite"):
            Reader.from_keras(with_weight(number, np.inf))
    with pytest.raises(ValueError, match=r"layers Embedding, GRU\(3\), Dense\(2\); expected .* Dense\(1\)$"):
        Reader.from_keras(stack(end=[layers.Dense(2)]))
    assert Reader.from_keras(stack(end=[answer(use_bias=False)])).b == 0


# --- forged bytes ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packed():
    keras.utils.set_random_seed(0)
    return pack(stack(), WORDS)


def bytes_of(header: bytes, body: bytes, length: int | None = None) -> bytes:
    """Return bytes whose length and checksum are right."""
    header += b" " * (-len(header) % 4)
    rest = header + body
    told = len(header) if length is None else length
    return MAGIC + struct.pack("<III", 16 + len(rest), zlib.crc32(rest), told) + rest


def body_of(packed) -> bytes:
    return packed.data[16 + struct.unpack_from("<I", packed.data, 12)[0] :]


def forged(packed, **changes) -> bytes:
    """Return the network's bytes with another header; a change to None takes the entry away."""
    header = {name: value for name, value in (packed.header | changes).items() if value is not None}
    return bytes_of(json.dumps(header).encode(), body_of(packed))


def with_number(packed, name, value) -> bytes:
    """Return the network's bytes with the first number of an array replaced."""
    place = 0
    for other, dtype, shape in packed.header["arrays"]:
        if other == name:
            break
        place += np.dtype(dtype).itemsize * int(np.prod(shape))
    body = body_of(packed)
    return forged_body(packed, body[:place] + struct.pack("<f", value) + body[place + 4 :])


def forged_body(packed, body: bytes) -> bytes:
    return bytes_of(json.dumps(packed.header).encode(), body)


def laid_out(packed, **shapes):
    return [[name, dtype, shapes.get(name, shape)] for name, dtype, shape in packed.header["arrays"]]


UNREADABLE = "its header cannot be read"
OTHER = "its header is not that of a network"
ARRAYS = "its arrays are not those of a network"
LONGER = "its arrays are not as long as its header says"
WORDLESS = "it has words without a vector"
NOT_FINITE = "it holds numbers that are not finite"

FLOATS = ("scale", "kernel", "recurrent_kernel", "bias", "w", "b")

FORGED = {
    **{
        f"{value} in {name}": (lambda p, n=name, v=value: with_number(p, n, v), NOT_FINITE)
        for name in FLOATS
        for value in (np.nan, np.inf, -np.inf)
    },
    "a scale too large": (lambda p: with_number(p, "scale", 3e38), NOT_FINITE),
    **{
        f"no {name}": (lambda p, n=name: forged(p, **{n: None}), UNREADABLE if name == "arrays" else OTHER)
        for name in ("arrays", "words", "start", "unknown", "reading")
    },
    "another reading": (lambda p: forged(p, reading="bytes"), OTHER),
    "words that are one text": (lambda p: forged(p, words="abc"), OTHER),
    "words that are numbers": (lambda p: forged(p, words=[1, 2, 3]), OTHER),
    "more words than vectors": (lambda p: forged(p, words=[str(n) for n in range(10)]), WORDLESS),
    "a start below zero": (lambda p: forged(p, start=-1), OTHER),
    "a start that is half": (lambda p: forged(p, start=1.5), OTHER),
    "a start that is true": (lambda p: forged(p, start=True), OTHER),
    "a first id that is text": (lambda p: forged(p, first="3"), OTHER),
    "a first id below zero": (lambda p: forged(p, first=-3), OTHER),
    "a first id without a vector": (lambda p: forged(p, first=10), WORDLESS),
    "a start without a vector": (lambda p: forged(p, start=12), WORDLESS),
    "an unknown without a vector": (lambda p: forged(p, unknown=2**40), WORDLESS),
    "no arrays": (lambda p: forged(p, arrays=[]), UNREADABLE),
    "an array less": (lambda p: forged(p, arrays=p.header["arrays"][1:]), ARRAYS),
    "arrays in another order": (lambda p: forged(p, arrays=p.header["arrays"][::-1]), ARRAYS),
    "an array of eight bytes": (lambda p: forged(p, arrays=[["scale", "<f8", [12]], *p.header["arrays"][1:]]), ARRAYS),
    "an array of objects": (lambda p: forged(p, arrays=[["scale", "|O", [12]], *p.header["arrays"][1:]]), ARRAYS),
    "a kernel of another shape": (lambda p: forged(p, arrays=laid_out(p, kernel=[9, 4])), ARRAYS),
    "a kernel of float sizes": (lambda p: forged(p, arrays=laid_out(p, bias=[2.5, 9])), ARRAYS),
    "a table below zero": (lambda p: forged(p, arrays=laid_out(p, table=[-12, -4])), OTHER),
    "a table without end": (lambda p: forged(p, arrays=laid_out(p, table=[10**12, 4], scale=[10**12])), LONGER),
    "a table without columns": (lambda p: forged(p, arrays=laid_out(p, table=[12, 0], kernel=[0, 9])), ARRAYS),
    "a table of three axes": (lambda p: forged(p, arrays=laid_out(p, table=[12, 2, 2])), None),
    "arrays cut": (lambda p: forged_body(p, body_of(p)[:-4]), LONGER),
    "arrays and more": (lambda p: forged_body(p, body_of(p) + bytes(4)), LONGER),
    "no JSON": (lambda p: bytes_of(b"{" + b"x" * 99, body_of(p)), UNREADABLE),
    "JSON of a list": (lambda p: bytes_of(b"[1, 2]", body_of(p)), UNREADABLE),
    "JSON of null": (lambda p: bytes_of(b"null", body_of(p)), UNREADABLE),
    "JSON without end": (lambda p: bytes_of(b"[" * 10**5, body_of(p)), UNREADABLE),
    "no UTF-8": (
        lambda p: bytes_of(json.dumps(p.header).encode().replace(b"good", b"\xff\xfe  "), body_of(p)),
        UNREADABLE,
    ),
    "a header beyond the end": (lambda p: bytes_of(json.dumps(p.header).encode(), body_of(p), 2**31), UNREADABLE),
    "no header": (lambda p: bytes_of(b"", body_of(p)), UNREADABLE),
}


def script_of(data: bytes) -> str:
    return f"(window.gruBookWeights = window.gruBookWeights || {{}})['p'] = `\n{base64.b64encode(data).decode()}`;\n"


@pytest.mark.parametrize("kind", FORGED)
def test_forged_weights_are_refused_in_python(kind, packed, tmp_path):
    forge, reason = FORGED[kind]
    data = forge(packed)
    with pytest.raises(ValueError, match=f"^no network: {reason or 'its header'}"):
        Packed(data)
    path = tmp_path / "weights.js"
    path.write_text(script_of(data), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"weights.js is no network: {reason or 'its header'}.*; export it again$"):
        load_web(path)


def test_bytes_that_are_not_whole_are_refused(packed, tmp_path):
    for wrong in (
        b"",
        b"GRU1",
        b"GRU1" + struct.pack("<II", 12, 0),
        packed.data[:-1],
        b"X" + packed.data[1:],
        b"\xff" * 99,
    ):
        with pytest.raises(ValueError, match="^incomplete or altered: its length or checksum differs$"):
            Packed(wrong)
    path = tmp_path / "weights.js"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(ValueError, match="incomplete or altered"):
        load_web(path)
    for make in (os.mkdir, os.mkfifo):
        path.unlink() if path.is_file() else None
        make(path)
        with pytest.raises(ValueError, match="weights.js is no file; expected a script"):
            load_web(path)
        os.rmdir(path) if path.is_dir() else path.unlink()
    with pytest.raises(FileNotFoundError):
        load_web(path)


@pytest.fixture(scope="module")
def script(chromium):
    """A page with the module's functions at window.explorer."""
    page = chromium.new_page()
    source = base64.b64encode(components.module("explorer").encode()).decode()
    page.evaluate(
        "async (source) => { window.explorer = await import(`data:text/javascript;base64,${source}`); }", source
    )
    yield page
    page.close()


BYTES = "const bytesOf = (data) => Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));"


def test_forged_weights_are_refused_in_the_browser_for_the_same_reason(script, packed):
    kinds = {kind: base64.b64encode(forge(packed)).decode() for kind, (forge, _) in FORGED.items()}
    kinds |= {"whole": base64.b64encode(packed.data).decode(), "cut": base64.b64encode(packed.data[:-1]).decode()}
    told = script.evaluate(
        f"""(kinds) => {{ {BYTES}
          return Object.fromEntries(Object.entries(kinds).map(([kind, data]) => {{
            try {{ explorer.unpack(bytesOf(data)); }} catch (error) {{ return [kind, error.message]; }}
            return [kind, ""];
          }}));
        }}""",
        kinds,
    )
    assert told.pop("whole") == ""
    assert "bytes have arrived" in told.pop("cut")
    for kind, (_, reason) in FORGED.items():
        assert told[kind] == reason or (reason is None and told[kind].startswith("its ")), kind


SHOW = f"""async ([data, texts]) => {{ {BYTES}
  const values = {{ weights: new DataView(bytesOf(data).buffer), texts, examples: [] }};
  const model = {{ get: (key) => values[key], set: (key, value) => {{ values[key] = value; }}, save_changes() {{}} }};
  const el = document.body.appendChild(document.createElement("div"));
  const stop = explorer.default.render({{ model, el }});
  const box = el.querySelector("textarea");
  box.value += " bad";
  box.dispatchEvent(new Event("input"));
  await new Promise((done) => setTimeout(done, 600));
  stop();
  const told = [el.querySelector("[role=status]").textContent, el.textContent];
  el.remove();
  return told;
}}"""


def shown(script, data: bytes) -> tuple[str, str]:
    """Return what the explorer's status line says, and all its words."""
    return script.evaluate(SHOW, [base64.b64encode(data).decode(), ["good", "not good"]])


@pytest.mark.parametrize("kind", ["nan in w", "inf in b", "a scale too large", "arrays cut", "no JSON"])
def test_the_explorer_says_in_its_status_line_that_weights_are_forged(kind, script, packed):
    forge, reason = FORGED[kind]
    status, words = shown(script, forge(packed))
    assert status == f"The network cannot be used: {reason}. Load the page again."
    assert "NaN" not in words
    assert "ative" not in words.replace(status, "")  # neither positive nor negative


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("value", [3e38, -3e38, 1e-45])
def test_numbers_as_large_as_they_may_be_are_shown_as_numbers(name, value, script, packed):
    status, words = shown(script, with_number(packed, name, value if name != "scale" else value / 128))
    assert status.startswith("Text A: ")
    assert "NaN" not in words


def test_the_explorer_says_that_padding_is_left_out(script, packed):
    note = "Padding, which this network does not mask, is left out."
    assert note not in shown(script, packed.data)[0]
    with pytest.warns(UserWarning, match="does not mask"):
        unmasked = pack(UNMASKED["any length"](), WORDS)
    assert shown(script, unmasked.data)[0].endswith(note)


# --- files of plain arrays -------------------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path):
    model, path = stack(), tmp_path / "weights.npz"
    arrays.save_weights(path, model)
    with np.load(path) as file:
        return model, path, {name: file[name] for name in file.files}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight_1": None}, "holds embedding .*; for this model expected embedding, embedding_scale, weight_1"),
        ({"more": np.zeros(1)}, r"more \(float64\); for this model expected"),
        ({"embedding": np.zeros((12, 4), "float32")}, r"embedding \(float32\)"),
        ({"weight_2": np.full((3, 9), np.nan, "float16")}, "holds numbers in weight_2 that are not finite$"),
        ({"embedding_scale": np.full((12, 1), np.inf, "float32")}, "numbers in embedding_scale that are not finite$"),
        ({"embedding_scale": np.ones(4, "float32")}, r"holds \(4,\) scales for \(12, 4\) numbers$"),
        ({"weight_1": np.zeros((9, 4), "float16")}, "the model expects"),
        ({"weight_1": np.array([{}], object)}, "is no file of weights, or not all of it: Object arrays cannot be"),
    ],
)
def test_altered_arrays_are_refused(saved, change, message):
    model, path, found = saved
    np.savez(path, **{name: array for name, array in (found | change).items() if array is not None})
    before = model.get_weights()
    with pytest.raises(ValueError, match=message) as refused:
        arrays.load_weights(path, model)
    assert "\n" not in str(refused.value)
    for array, same in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(array, same)


def test_files_that_are_none_are_refused(saved, tmp_path):
    model, path, _ = saved
    data = path.read_bytes()
    middle = len(data) // 2
    for wrong in (data[:middle], b"", b"words", data[:200] + bytes(60) + data[260:]):
        path.write_bytes(wrong)
        with pytest.raises(ValueError, match="weights.npz is no file of weights, or not all of it: ") as refused:
            arrays.load_weights(path, model)
        assert "\n" not in str(refused.value)
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(ValueError, match="is no file of weights"):
        arrays.load_weights(tmp_path / "one.npy", model)
    os.mkfifo(tmp_path / "pipe")
    for wrong in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ValueError, match="is no file; expected what save_weights wrote"):
            arrays.load_weights(wrong, model)


def test_weights_that_the_file_cannot_hold_are_not_saved(tmp_path):
    for number, value in ((0, np.nan), (1, np.inf), (1, 7e4), (5, -7e4)):
        with pytest.raises(ValueError, match="has a weight that is not finite, or beyond what the file holds"):
            arrays.save_weights(tmp_path / "w.npz", with_weight(number, value))
    with pytest.raises(ValueError, match="first weight is .*gamma of shape .*; expected an embedding"):
        arrays.save_weights(tmp_path / "w.npz", keras.Sequential([keras.Input((3,)), layers.BatchNormalization()]))
    with pytest.raises(ValueError, match="first weight is none; expected"):
        arrays.save_weights(tmp_path / "w.npz", keras.Sequential([keras.Input((3,)), layers.ReLU()]))
    assert not list(tmp_path.iterdir())
