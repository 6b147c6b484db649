/**
 * Gate explorer: reads a text word by word with a trained GRU and shows gates, states and the running probability.
 *
 * model: `weights`, the bytes that `gru_book.export.web.pack` made, or `weights_file`, the address below `assets` of a
 * script that hands them in; `examples`, pairs of texts [{ name, a, b }]; `precomputed`, what to show until the weights
 * are there; `texts`, the two texts (JupyterLab). On the site the view is kept in the address (#explorer?a=...&b=...).
 *
 * Text of readers reaches the page through textContent only.
 */

const MOST_READ = 5000;  // words of a text: occlusion takes seconds beyond
const MOST_SHOWN = 120;  // columns of a map: on a phone a column is still 2.5 pixels wide
const MOST_LABELS = 9;  // columns that have room for their word
const LONGEST_LINK = 3000;  // characters
const SLICE = 12;  // milliseconds of work between two looks at the keyboard
const HASH = "#explorer?";
const ROWS = [
  ["update_gate", "z", "update gate"], ["reset_gate", "r", "reset gate"], ["hidden_state", "h", "hidden state"],
];

// --- text to ids -----------------------------------------------------------------------------------------------------

const FILTERED = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~\t\n]/g;
const READING = {};  // components.py puts `gru_book.data.tokens.reading()` here: one table for Python and the browser
const TOKEN = new RegExp(READING.token.replace(/\{(\w+)\}/g, (_, name) => READING.classes[name]), "gu");
const LAST_SIGMA = /(?<=[^\n])\u03a3(?=\n|$)/g;
const RARE = new RegExp(`[${Object.keys(READING.forms).join("")}]`, "gu");

/** The words of a text: as `gru_book.data.vocabulary.words` ("keras") or `gru_book.data.tokens.tokenize` ("tokens") has them. */
export function tokenize(text, reading) {
  const spaced = text.replaceAll("<br />", " ");
  if (reading === "tokens") {
    const found = (spaced.replace(RARE, (form) => READING.forms[form]).match(TOKEN) ?? []).join("\n");
    const lower = found.replace(LAST_SIGMA, "\u03c2").replaceAll("\u03a3", "\u03c3").toLowerCase();
    return lower ? lower.normalize("NFC").split("\n") : [];
  }
  return spaced.toLowerCase().replace(FILTERED, " ").split(" ").filter((word) => word);
}

/** The ids of words, the start marker in front. */
export function encode(network, words) {
  return [network.start, ...words.map((word) => network.id_of.get(word) ?? network.unknown)];
}

// --- the network -----------------------------------------------------------------------------------------------------

function crc32(bytes) {
  const table = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    table[n] = c;
  }
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Name, dtype and shape of each array, in their order in the file. */
function layout(ids, input_dim, units) {
  const floats = { scale: [ids], kernel: [input_dim, 3 * units], recurrent_kernel: [units, 3 * units],
    bias: [2, 3 * units], w: [units], b: [1] };
  return [...Object.entries(floats).map(([name, shape]) => [name, "<f4", shape]), ["table", "|i1", [ids, input_dim]]];
}

/** What the header of a network says, and its sizes; throws where it is none. `rest`: how many bytes the arrays have. */
function readHeader(bytes, rest) {
  let header, ids, input_dim, units;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    const shapes = Object.fromEntries(header.arrays.map(([name, , shape]) => [name, shape]));
    [[ids, input_dim], [units]] = [shapes.table, shapes.w];
  } catch {
    throw new Error("its header cannot be read");
  }
  const { words, first = 3, start, unknown } = header;  // older files have no other first id
  const numbers = [ids, input_dim, units, first, start, unknown];
  const listed = Array.isArray(words) && words.every((word) => typeof word === "string");
  const named = listed && ["keras", "tokens"].includes(header.reading);
  if (!named || !numbers.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw new Error("its header is not that of a network");
  }
  if (JSON.stringify(header.arrays) !== JSON.stringify(layout(ids, input_dim, units)) || !input_dim || !units) {
    throw new Error("its arrays are not those of a network");
  }
  const sizeOf = ([, dtype, shape]) => shape.reduce((a, b) => a * b, dtype === "<f4" ? 4 : 1);
  if (header.arrays.reduce((sum, array) => sum + sizeOf(array), 0) !== rest) {
    throw new Error("its arrays are not as long as its header says");
  }
  if (Math.max(first + words.length - 1, start, unknown) >= ids) throw new Error("it has words without a vector");
  return { header, first, input_dim, units };
}

/** The network in the bytes of `gru_book.export.web`; throws, with a reason, where they are not whole or hold none. */
export function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 16 || view.getUint32(0) !== 0x47525531) throw new Error("these are no weights");
  const size = view.getUint32(4, true);
  if (size !== bytes.length) throw new Error(`${bytes.length} of ${size} bytes have arrived`);
  if (crc32(bytes.subarray(16)) !== view.getUint32(8, true)) throw new Error("the checksum differs");
  let place = 16 + view.getUint32(12, true);
  const { header, first, input_dim, units } = readHeader(bytes.subarray(16, place), bytes.length - place), arrays = {};
  for (const [name, dtype, shape] of header.arrays) {
    const Type = dtype === "<f4" ? Float32Array : Int8Array;
    const length = shape.reduce((a, b) => a * b, 1) * Type.BYTES_PER_ELEMENT;
    const start = bytes.byteOffset + place;  // a copy, since float32 must begin at a multiple of four
    arrays[name] = new Type(bytes.buffer.slice(start, start + length));
    place += length;
  }
  const vectors = arrays.scale.map((scale) => scale * 128);  // as large as a number of the table can be
  for (const array of [...Object.values(arrays), vectors]) {
    if (!array.every(Number.isFinite)) throw new Error("it holds numbers that are not finite");
  }
  const cell = { input_dim, units };
  for (const name of ["kernel", "recurrent_kernel", "bias"]) cell[name] = Float64Array.from(arrays[name]);
  const order = Array.from(arrays.w.keys()).sort((i, j) => arrays.w[j] - arrays.w[i]);  // what raises the score on top
  const id_of = new Map(header.words.map((word, index) => [word, index + first]));
  return { ...header, id_of, cell, table: arrays.table, scale: arrays.scale, w: arrays.w, b: arrays.b[0], order };
}

/** The score of the state of a step: its log-odds. */
function scoreOf(network, states, step) {
  let score = network.b;
  for (let i = 0, k = step * network.w.length; i < network.w.length; i++, k++) score += network.w[i] * states[k];
  return score;
}

function vectorsOf(network, ids) {
  const d = network.cell.input_dim, x = new Float32Array(ids.length * d);  // rounds products as NumPy's float32 does
  ids.forEach((id, step) => {
    for (let i = 0; i < d; i++) x[step * d + i] = network.table[id * d + i] * network.scale[id];
  });
  return x;
}

/** Read ids: gates in the book's convention and states (steps, units), `score` and `probability` after each step. */
export function read(network, ids) {
  const x = vectorsOf(network, ids), states = bookGates(forward(network.cell, x));
  const score = Float64Array.from(ids, (_, step) => scoreOf(network, states.hidden_state, step));
  return { ...states, x, score, probability: score.map(sigmoid) };
}

/** The score of the whole text without one step. */
export function scoreWithout(network, found, step) {
  const d = network.cell.input_dim, u = network.cell.units, steps = found.num_steps;
  const before = step ? found.hidden_state.subarray((step - 1) * u, step * u) : null;
  const rest = forward(network.cell, found.x.subarray((step + 1) * d), before);
  if (rest.num_steps) return scoreOf(network, rest.hidden_state, rest.num_steps - 1);
  return steps > 1 ? found.score[step - 1] : network.b;
}

/** A text with all that is shown of it; occlusion (`without`, scores) comes later. */
export function analyse(network, text) {
  const all = tokenize(text, network.reading), words = all.slice(0, MOST_READ);
  const ids = encode(network, words), found = read(network, ids), u = network.cell.units;
  const known = Uint8Array.from(ids, (id) => id !== network.unknown);
  const parts = {};
  for (const [name] of ROWS) {  // units in the order of the maps
    parts[name] = new Float32Array(ids.length * u);
    for (let t = 0; t < ids.length; t++) {
      for (let row = 0; row < u; row++) parts[name][t * u + row] = found[name][t * u + network.order[row]];
    }
  }
  const without = new Float64Array(ids.length).fill(NaN);
  return { text, words: ["[start]", ...words], total: all.length, known, units: u, found, without,
    score: found.score, ...parts };
}

/** The same from numbers that a page holds ready, in thousandths. */
function fromPrecomputed(entry) {
  const parts = {}, thousandths = (list) => Float64Array.from(list, (value) => value / 1000);
  for (const [name] of ROWS) parts[name] = thousandths(entry[name]);
  return { text: entry.text, words: entry.words, total: entry.words.length - 1, known: Uint8Array.from(entry.known),
    units: parts.update_gate.length / entry.words.length, score: thousandths(entry.score),
    without: thousandths(entry.without), ...parts };
}

/** The bytes that a script at `address` leaves at window.gruBookWeights[name]. */
function loadBytes(address, name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.onerror = () => reject(new Error("the file is missing"));
    script.onload = () => {
      try {
        const text = atob(window.gruBookWeights[name]), bytes = new Uint8Array(text.length);
        for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
        resolve(bytes);
      } catch {
        reject(new Error("the file is damaged"));
      }
    };
    script.src = address;
    document.head.append(script);
  });
}

// --- colours ---------------------------------------------------------------------------------------------------------

const CIVIDIS = [[0, 34, 78], [33, 58, 109], [76, 84, 108], [108, 109, 115], [141, 135, 120], [181, 164, 111],
  [222, 196, 90], [254, 232, 56]];
const DIVERGING = [[213, 94, 0], [236, 164, 112], [247, 247, 247], [122, 178, 214], [0, 114, 178]];

const SHADES = 255;

/** A scale of colours as bytes, red, green, blue and opacity of each shade. */
function shadesOf(scale) {
  const shades = new Uint8ClampedArray(4 * (SHADES + 1)).fill(255);
  for (let shade = 0; shade <= SHADES; shade++) {
    const place = (shade / SHADES) * (scale.length - 1), low = Math.min(Math.floor(place), scale.length - 2);
    scale[low].forEach((value, i) => { shades[4 * shade + i] = value + (place - low) * (scale[low + 1][i] - value); });
  }
  return shades;
}

const UNSIGNED_SHADES = shadesOf(CIVIDIS), SIGNED_SHADES = shadesOf(DIVERGING);
const gradient = (scale) => `linear-gradient(90deg, ${scale.map((c) => `rgb(${c.join(" ")})`).join(", ")})`;

// Blue for the update gate and for what raises the score, vermilion for the reset gate and what lowers it, green for the
// state, as in gru_book.plotting.style; darker on white and lighter on black, so that text in them can be read.
const CSS = `
.gru-explorer { --gru-text: #1f2328; --gru-muted: #57606a; --gru-line: #8c959f; --gru-ground: #ffffff;
  --gru-raised: #f6f8fa; --gru-up: #0072b2; --gru-down: #b34e00; --gru-z: #0072b2; --gru-r: #b34e00; --gru-h: #00765a;
  color: var(--gru-text); container-type: inline-size; font-size: 0.9rem; line-height: 1.4; }
.gru-explorer:is(html[data-theme="dark"] *, body[data-jp-theme-light="false"] *) { --gru-text: #e6edf3;
  --gru-muted: #adb5bd; --gru-line: #6e7681; --gru-ground: #14181e; --gru-raised: #222832; --gru-up: #6cc0f2;
  --gru-down: #ff9d5c; --gru-z: #6cc0f2; --gru-r: #ff9d5c; --gru-h: #4fd0a8; }
.gru-explorer > div, .gru-explorer > p { max-width: none; }
.gru-explorer *, .gru-explorer *::before { box-sizing: border-box; }
.gru-explorer button, .gru-explorer select, .gru-explorer textarea { font: inherit; color: inherit;
  background: var(--gru-ground); border: 1px solid var(--gru-line); border-radius: 0.3rem; padding: 0.3rem 0.5rem; }
.gru-explorer button { cursor: pointer; min-height: 2.1rem; }
.gru-explorer [hidden] { display: none; }
.gru-explorer button:disabled { opacity: 0.55; cursor: default; }
.gru-explorer :focus-visible { outline: 0.15rem solid var(--gru-up); outline-offset: -0.1rem; }
.gru-explorer .gru-bar { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
.gru-explorer .gru-bar select { flex: 1 1 10rem; min-width: 0; max-width: 22rem; height: 2.1rem; }
.gru-explorer .gru-status { min-height: 4.2em; margin: 0.4rem 0; color: var(--gru-muted); overflow-wrap: anywhere; }
.gru-explorer .gru-status.gru-trouble { color: var(--gru-down); font-weight: 600; }
.gru-explorer .gru-panels { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.2rem; }
@container (min-width: 34rem) { .gru-explorer .gru-status { min-height: 1.4em; }
  .gru-explorer .gru-panels { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); } }
.gru-explorer .gru-panel label { display: block; font-weight: 600; }
.gru-explorer .gru-panel textarea { display: block; width: 100%; height: 4.4rem; resize: none; }
.gru-explorer .gru-verdict { display: flex; justify-content: space-between; align-items: baseline; margin: 0.35rem 0;
  height: 1.9rem; }
.gru-explorer .gru-verdict b { font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.gru-explorer .gru-words { position: relative; height: 5.4rem; overflow-y: auto; padding: 0.2rem 0.3rem;
  line-height: 1.75; border-radius: 0.3rem; background: var(--gru-raised); overflow-wrap: anywhere; }
.gru-explorer .gru-words bdi { padding: 0 0.15em; margin-right: 0.15em; border-bottom: 0.25rem solid transparent;
  cursor: pointer; border-radius: 0.15rem; }
.gru-explorer .gru-words .gru-unknown { color: var(--gru-muted); font-style: italic;
  text-decoration: underline dotted; }
.gru-explorer .gru-words .gru-at { outline: 0.12rem solid var(--gru-text); }
.gru-explorer .gru-pages { display: flex; align-items: center; justify-content: space-between; gap: 0.4rem;
  height: 2.6rem; font-size: 0.78rem; line-height: 1.15; color: var(--gru-muted); }
.gru-explorer .gru-pages button { min-height: 1.8rem; padding: 0 0.6rem; }
.gru-explorer .gru-chart { position: relative; display: grid; grid-template-columns: 1.1rem minmax(0, 1fr);
  column-gap: 0.25rem; touch-action: pan-y; cursor: crosshair; border-radius: 0.2rem; }
.gru-explorer .gru-title { grid-column: 2; display: flex; justify-content: space-between; align-items: center;
  gap: 0.4rem; font-size: 0.78rem; line-height: 1.2rem; height: 1.2rem; color: var(--gru-muted); white-space: nowrap;
  overflow: hidden; }
.gru-explorer .gru-scale { display: inline-block; width: 2.6rem; height: 0.5rem; margin: 0 0.2rem;
  vertical-align: middle; }
.gru-explorer .gru-letter { grid-column: 1; align-self: center; text-align: center; font-style: italic;
  font-weight: 600; }
.gru-explorer .gru-ends { grid-column: 1; display: flex; flex-direction: column; justify-content: space-between;
  text-align: right; font-size: 0.7rem; line-height: 1; color: var(--gru-muted); }
.gru-explorer .gru-chart canvas { grid-column: 2; display: block; width: 100%; height: 4rem;
  image-rendering: pixelated; }
.gru-explorer .gru-chart svg { grid-column: 2; display: block; width: 100%; height: 3.6rem; overflow: visible;
  background: var(--gru-raised); }
.gru-explorer .gru-chart svg path { fill: none; stroke: var(--gru-text); stroke-width: 2;
  vector-effect: non-scaling-stroke; }
.gru-explorer .gru-chart svg .gru-half { stroke: var(--gru-line); stroke-width: 1; stroke-dasharray: 3 3; }
.gru-explorer .gru-cover { grid-column: 2; position: relative; pointer-events: none; }
.gru-explorer .gru-cover div { position: absolute; top: 0; bottom: 0; border: 1px solid var(--gru-text);
  outline: 1px solid var(--gru-ground); min-width: 3px; }
.gru-explorer .gru-labels { grid-column: 2; display: flex; height: 1.2rem; font-size: 0.72rem; line-height: 1.2rem; }
.gru-explorer .gru-labels bdi { flex: 1 1 0; min-width: 0; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; text-align: center; }
.gru-explorer .gru-numbers { height: 5.2rem; margin: 0.35rem 0; font-size: 0.85rem; overflow-y: auto;
  font-variant-numeric: tabular-nums; }
.gru-explorer .gru-numbers bdi { font-weight: 700; overflow-wrap: anywhere; }
.gru-explorer .gru-panel details { font-size: 0.82rem; }
.gru-explorer .gru-panel summary { cursor: pointer; padding: 0.2rem 0; }
.gru-explorer .gru-table { max-height: 16rem; overflow: auto; }
.gru-explorer table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.gru-explorer th, .gru-explorer td { padding: 0.15rem 0.35rem; text-align: right;
  border-bottom: 1px solid var(--gru-line); }
.gru-explorer th:first-child { text-align: left; overflow-wrap: break-word; }
.gru-explorer .gru-up { color: var(--gru-up); } .gru-explorer .gru-down { color: var(--gru-down); }
.gru-explorer .gru-empty { display: flex; align-items: center; justify-content: center; height: 100%;
  color: var(--gru-muted); }
`;

// --- one text --------------------------------------------------------------------------------------------------------

/** At most `most` characters of a word, without half of a character. */
function shortened(word, most = 30) {
  const letters = Array.from(word.slice(0, 2 * most + 2));
  return letters.length > most ? `${letters.slice(0, most).join("")}…` : word;
}

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
const side = (probability) => (probability > 0.5 ? "positive" : "negative");

function makePanel(letter, onText, onSelect) {
  const id = newId("gru-text");
  const box = make("textarea", { id, spellcheck: "false", rows: "3" });
  const verdict = make("b"), share = make("span");
  const strip = make("div", { class: "gru-words", tabindex: "0", role: "listbox", "aria-orientation": "horizontal",
    "aria-label": `Words of text ${letter}; a line below a word shows what it adds to the verdict` });
  const back = make("button", { type: "button", "aria-label": `Earlier words of text ${letter}` }, "‹");
  const next = make("button", { type: "button", "aria-label": `Later words of text ${letter}` }, "›");
  const place = make("span");
  const line = make("path", {}), half = make("path", { class: "gru-half" });
  const svg = make("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
  svg.append(half, line);
  const maps = ROWS.map(() => make("canvas", { width: 1, height: 1, "aria-hidden": "true" }));
  const markers = [0, 1, 2, 3].map(() => make("div")), labels = make("div", { class: "gru-labels", "aria-hidden": "true" });
  const chart = make("div", { class: "gru-chart", tabindex: "0", role: "slider", "aria-valuemin": "0",
    "aria-label": `Word of text ${letter}`, "aria-orientation": "horizontal" });
  chart.append(make("div", { class: "gru-title" }, "running probability of “positive”"),
    make("div", { class: "gru-ends", "aria-hidden": "true" }, make("span", {}, "1"), make("span", {}, "½"), make("span", {}, "0")), svg);
  ROWS.forEach(([, sign, name], index) => {
    const [low, scale] = index < 2 ? ["0", CIVIDIS] : ["−1", DIVERGING];
    const bar = make("span", { class: "gru-scale" });
    bar.style.background = gradient(scale);
    const mark = make("span", { class: "gru-letter", "aria-hidden": "true" }, sign);
    mark.style.color = `var(--gru-${sign})`;
    chart.append(make("div", { class: "gru-title" }, make("span", {}, name), make("span", {}, low, bar, "1")), mark, maps[index]);
  });
  chart.append(labels);
  const rowOf = (element, row) => { element.style.gridRow = row; };
  [...chart.querySelectorAll(".gru-title")].forEach((title, index) => rowOf(title, 2 * index + 1));
  [chart.querySelector(".gru-ends"), ...chart.querySelectorAll(".gru-letter")].forEach((mark, index) => rowOf(mark, 2 * index + 2));
  [svg, ...maps].forEach((plot, index) => rowOf(plot, 2 * index + 2));
  rowOf(labels, 9);
  markers.forEach((marker, index) => {
    const cover = make("div", { class: "gru-cover", "aria-hidden": "true" }, marker);
    rowOf(cover, 2 * index + 2);
    chart.append(cover);
  });
  const numbers = make("div", { class: "gru-numbers", id: `${id}-numbers`, tabindex: "0", role: "group",
    "aria-label": `Numbers of the word in text ${letter}` });
  const body = make("tbody");
  const heads = ["word", "p", "z", "r", "moved", "left out"].map((name) => make("th", { scope: "col" }, name));
  const table = make("div", { class: "gru-table", tabindex: "0", role: "group", "aria-label": `Table of text ${letter}` },
    make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body));
  const details = make("details", {}, make("summary", {}, `Text ${letter} as a table`), table);
  const root = make("div", { class: "gru-panel" }, make("label", { for: id }, `Text ${letter}`), box,
    make("div", { class: "gru-verdict" }, verdict, share), strip, make("div", { class: "gru-pages" }, back, place, next),
    chart, numbers, details);

  let shown = null, selected = 0, hovered = null, first = 0, spans = [];
  const count = () => shown.words.length;
  const last = () => Math.min(first + MOST_SHOWN, count());
  const at = () => hovered ?? selected;
  const mean = (name, step) => shown[name].subarray(step * shown.units, (step + 1) * shown.units)
    .reduce((sum, value) => sum + value, 0) / shown.units;

  /** How far the state moved at a step: the length of the difference. */
  function moved(step) {
    let sum = 0;
    for (let i = 0, k = step * shown.units; i < shown.units; i++, k++) {
      sum += (shown.hidden_state[k] - (step ? shown.hidden_state[k - shown.units] : 0)) ** 2;
    }
    return Math.sqrt(sum);
  }

  function numbersOf(step) {
    return { p: sigmoid(shown.score[step]), z: mean("update_gate", step), r: mean("reset_gate", step), moved: moved(step),
      without: step ? sigmoid(shown.without[step]) : NaN };
  }

  const text = (value) => (Number.isNaN(value) ? "–" : value.toFixed(2));

  function drawNumbers() {
    const step = at(), n = numbersOf(step), answer = sigmoid(shown.score[count() - 1]);
    const word = shortened(shown.words[step]);
    const what = step === 0 ? "the marker before every text" : `word ${step} of ${count() - 1}`;
    const unknown = shown.known[step] ? "" : ", unknown to the network";
    numbers.replaceChildren(make("bdi", {}, word), ` (${what}${unknown})`, make("br"),
      `probability so far ${text(n.p)}`, make("br"),
      `mean gates: z ${text(n.z)}, r ${text(n.r)}; state moved ${text(n.moved)}`);
    if (step) {
      const known = !Number.isNaN(n.without);
      const change = make("span", { class: n.without < answer ? "gru-up" : "gru-down" }, known ? signed(answer - n.without) : "…");
      numbers.append(make("br"), `left out, the verdict is ${known ? text(n.without) : "…"}: it adds `, change);
    }
    chart.setAttribute("aria-valuenow", step);
    chart.setAttribute("aria-valuetext", `${word}, ${what}${unknown}: probability so far ${text(n.p)}, update gate ${text(n.z)}, ` +
      `reset gate ${text(n.r)}${step ? `, verdict without it ${text(n.without)}` : ""}`);
    const width = 100 / (last() - first);
    for (const marker of markers) {
      marker.hidden = false;
      marker.style.left = `${(step - first) * width}%`;
      marker.style.width = `${width}%`;
    }
    spans.forEach((span, index) => span.classList.toggle("gru-at", first + index === step));
  }

  /** Lines below the words: blue where the word raises the score of the whole text, orange where it lowers it. */
  function drawOcclusion() {
    const end = shown.score[count() - 1], adds = (step) => (step ? end - shown.without[step] : NaN);
    let most = 0.5;  // small changes stay pale
    for (let step = first; step < last(); step++) most = Math.max(most, Math.abs(adds(step)) || 0);
    spans.forEach((span, index) => {
      const value = adds(first + index);
      const name = value > 0 ? "--gru-up" : "--gru-down";
      span.style.borderBottomColor = Number.isNaN(value) ? "transparent"
        : `color-mix(in srgb, var(${name}) ${Math.round((100 * Math.abs(value)) / most)}%, transparent)`;
    });
    if (details.open) drawTable();
  }

  function drawTable() {
    const rows = [];
    for (let step = first; step < last(); step++) {
      const n = numbersOf(step), cells = [n.p, n.z, n.r, n.moved, n.without].map((value) => make("td", {}, text(value)));
      rows.push(make("tr", {}, make("th", { scope: "row" }, make("bdi", {}, shortened(shown.words[step]))), ...cells));
    }
    body.replaceChildren(...rows);
  }

  function drawMap(canvas, values, low) {
    const columns = last() - first, units = shown.units, shades = low < 0 ? SIGNED_SHADES : UNSIGNED_SHADES;
    canvas.width = columns;
    canvas.height = units;
    const pixels = new ImageData(columns, units);
    for (let column = 0; column < columns; column++) {
      for (let row = 0; row < units; row++) {
        const shade = Math.round((SHADES * (values[(first + column) * units + row] - low)) / (1 - low));
        const from = 4 * shade, to = 4 * (row * columns + column);
        for (let i = 0; i < 4; i++) pixels.data[to + i] = shades[from + i];
      }
    }
    canvas.getContext("2d").putImageData(pixels, 0, 0);
  }

  function drawWindow() {
    const columns = last() - first, total = count() - 1;
    spans = shown.words.slice(first, last()).map((word, index) => {
      const step = first + index;  // setsize and posinset: the list may hold a part of the words
      const span = make("bdi", { "data-step": step, role: "option", id: `${id}-${step}`, "aria-setsize": count(),
        "aria-posinset": step + 1, "aria-describedby": numbers.id }, shortened(word));
      if (!shown.known[step]) span.className = "gru-unknown";
      return span;
    });
    strip.replaceChildren(...spans.flatMap((span) => [span, " "]));
    const all = columns === count();
    back.hidden = next.hidden = all;
    back.disabled = first === 0;
    next.disabled = last() === count();
    const cut = shown.total > total ? `; read are the first ${total.toLocaleString("en")} of ${shown.total.toLocaleString("en")}` : "";
    place.textContent = all ? "below a word: blue raises, orange lowers the verdict" : `words ${Math.max(first, 1).toLocaleString("en")} to ${(last() - 1).toLocaleString("en")} of ` +
      `${total.toLocaleString("en")}${cut}`;
    svg.setAttribute("viewBox", `0 0 ${columns} 1`);
    half.setAttribute("d", `M0 0.5H${columns}`);
    let path = "";
    for (let step = first; step < last(); step++) {
      path += `${path ? "L" : "M"}${step - first + 0.5} ${(1 - sigmoid(shown.score[step])).toFixed(4)}`;
    }
    line.setAttribute("d", columns > 1 ? path : `M0 ${1 - sigmoid(shown.score[first])}H1`);
    ROWS.forEach(([name], index) => drawMap(maps[index], shown[name], index < 2 ? 0 : -1));
    labels.replaceChildren(...(columns <= MOST_LABELS ? shown.words.slice(first, last()).map((word) => make("bdi", {}, shortened(word))) : []));
    drawOcclusion();
  }

  /** Select a step; scroll the window to it where it lies outside. */
  function select(step, tell = true) {
    if (!shown) return;
    selected = Math.min(Math.max(step, 0), count() - 1);
    hovered = null;
    if (selected < first || selected >= last()) {
      first = Math.floor(selected / MOST_SHOWN) * MOST_SHOWN;
      drawWindow();
    }
    drawNumbers();
    const chosen = spans[selected - first];
    for (const span of spans) span.setAttribute("aria-selected", span === chosen);
    strip.setAttribute("aria-activedescendant", chosen.id);
    // Not scrollIntoView, which would move the page as well.
    const top = chosen.offsetTop, bottom = top + chosen.offsetHeight;
    if (top < strip.scrollTop) strip.scrollTop = top - 4;
    else if (bottom > strip.scrollTop + strip.clientHeight) strip.scrollTop = bottom - strip.clientHeight + 4;
    if (tell) onSelect();
  }

  function stepUnder(event) {
    const area = svg.getBoundingClientRect(), columns = last() - first;
    const column = Math.floor(((event.clientX - area.left) / area.width) * columns);
    return first + Math.min(Math.max(column, 0), columns - 1);
  }

  const hover = (step) => {
    if (!shown || step === at()) return;
    hovered = step;
    drawNumbers();
  };
  const unhover = () => { if (shown && hovered !== null) { hovered = null; drawNumbers(); } };
  chart.addEventListener("pointermove", (event) => { if (shown) hover(stepUnder(event)); });
  chart.addEventListener("pointerleave", unhover);
  chart.addEventListener("click", (event) => { if (shown) select(stepUnder(event)); });
  // Not pointerover, which also comes when the strip moves below a pointer at rest.
  strip.addEventListener("pointermove", (event) => { if (event.target.dataset.step) hover(Number(event.target.dataset.step)); });
  strip.addEventListener("pointerleave", unhover);
  strip.addEventListener("click", (event) => { if (event.target.dataset.step) select(Number(event.target.dataset.step)); });

  /** Let keys select a word; `down` is where the arrow down goes: on (1) in a list, back (-1) on a slider. */
  function selectByKeys(element, down) {
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -down, ArrowDown: down, PageUp: -10 * down,
      PageDown: 10 * down, Home: -Infinity, End: Infinity };
    element.addEventListener("keydown", (event) => {
      if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
      select(selected + moves[event.key]);
      event.preventDefault();
      event.stopPropagation();  // the site turns pages, and JupyterLab changes cells, by arrow keys
    });
  }

  selectByKeys(strip, 1);
  selectByKeys(chart, -1);
  back.addEventListener("click", () => select(Math.max(first - MOST_SHOWN, 0)));
  next.addEventListener("click", () => select(Math.min(first + MOST_SHOWN, count() - 1)));
  details.addEventListener("toggle", () => { if (shown && details.open) drawTable(); });
  box.addEventListener("input", () => onText());

  return {
    root,
    get text() { return box.value; },
    set text(value) { box.value = value; },
    get result() { return shown; },
    get selected() { return selected; },
    get window() { return [first, shown ? last() : 0]; },
    select,
    /** Show what was computed; `keep` says whether to stay at the selected word. */
    show(result, keep = false) {
      const before = selected;
      shown = result;
      hovered = null;
      const answer = sigmoid(result.score[result.score.length - 1]);
      verdict.textContent = `${answer.toFixed(2)} ${side(answer)}`;
      verdict.className = answer > 0.5 ? "gru-up" : "gru-down";
      const unknown = result.known.length - result.known.reduce((sum, value) => sum + value, 0);
      share.textContent = unknown ? `${unknown.toLocaleString("en")} unknown` : "";
      chart.setAttribute("aria-valuemax", count() - 1);
      selected = keep ? Math.min(before, count() - 1) : count() - 1;
      first = Math.floor(selected / MOST_SHOWN) * MOST_SHOWN;
      drawWindow();
      select(selected, false);
    },
    drawOcclusion() { drawOcclusion(); drawNumbers(); },
    /** Take the figure away and say why. */
    clear(why) {
      shown = null;
      verdict.textContent = share.textContent = place.textContent = "";
      back.hidden = next.hidden = true;
      strip.replaceChildren(make("span", { class: "gru-empty", role: "option", "aria-disabled": "true" }, why));
      strip.removeAttribute("aria-activedescendant");
      for (const element of [numbers, labels, body]) element.replaceChildren();
      for (const map of maps) map.width = map.height = 1;
      line.setAttribute("d", "");
      for (const marker of markers) marker.hidden = true;
      chart.setAttribute("aria-valuenow", 0);
      chart.setAttribute("aria-valuemax", 0);
      chart.setAttribute("aria-valuetext", why);
    },
  };
}

// --- the whole -------------------------------------------------------------------------------------------------------

function render({ model, el }) {
  const onSite = model.get("assets") !== undefined, examples = model.get("examples") || [];
  const ready = new Map((model.get("precomputed") || []).map((entry) => [entry.text, fromPrecomputed(entry)]));
  const choice = make("select", { "aria-label": "Examples" }, make("option", { value: "" }, "Pick two texts …"),
    ...examples.map(({ name }, index) => make("option", { value: index }, name)));
  const copy = make("button", { type: "button" }, "Copy a link to this view");
  const status = make("p", { class: "gru-status", role: "status" });
  let network = null, trouble = "", work = 0, tellLater = 0, keepLater = 0, stopped = false;
  const both = ["A", "B"].map((letter) => makePanel(letter, () => changed(letter), () => keep()));
  el.classList.add("gru-explorer");
  const panelsOf = make("div", { class: "gru-panels" }, ...both.map((panel) => panel.root));
  addStyle("gru-explorer", CSS, el);
  el.replaceChildren(make("div", { class: "gru-bar" }, choice, ...(onSite ? [copy] : [])), status, panelsOf);

  /** Says to screen readers, and to tests, whether more is to come without a further key. */
  function tellBusy() {
    panelsOf.setAttribute("aria-busy", String(Boolean(work || tellLater || (asked && !network && !trouble))));
  }

  /** Tell the live region; a summary that waits would take the message away. */
  function say(message, bad = false) {
    clearTimeout(tellLater);
    tellLater = 0;
    tellBusy();
    status.classList.toggle("gru-trouble", bad);
    if (status.textContent !== message) status.textContent = message;
  }

  function answers() {
    if (!network && both.some((panel) => !panel.result)) return "The network is loading …";
    const told = both.map((panel, index) => {
      const { score, known, total } = panel.result, answer = sigmoid(score[score.length - 1]);
      const words = known.length - 1;
      const none = words === 0 ? " (no word)" : known.slice(1).some(Boolean) ? "" : " (no word that the network knows)";
      const cut = total > words ? ` (the first ${words.toLocaleString("en")} of ${total.toLocaleString("en")} words are read)` : "";
      return `Text ${"AB"[index]}${none}${cut}: ${answer.toFixed(2)}, ${side(answer)}.`;
    });
    const pads = network?.pads === "read" ? " Padding, which this network does not mask, is left out." : "";
    return told.join(" ") + pads;
  }

  const summary = () => say(trouble || answers(), Boolean(trouble));

  /** Compute one panel, and occlusion of the words in its window afterwards, in slices. */
  function update(panel, stay = false) {
    const text = panel.text.toWellFormed?.() ?? panel.text;
    if (network) {
      const result = analyse(network, text);
      result.without.set(ready.get(text)?.without ?? []);
      panel.show(result, stay);
    } else if (ready.has(text)) panel.show(ready.get(text), stay);
    else panel.clear(trouble ? "not available" : "waiting for the network …");
    clearTimeout(tellLater);
    tellLater = setTimeout(summary, 400);  // not at every letter
    occludeAll();
  }

  function occludeAll() {
    clearTimeout(work);
    const waiting = [];
    for (const panel of network && !stopped ? both : []) {
      const [first, last] = panel.window;
      for (let step = Math.max(first, 1); step < last; step++) {
        if (Number.isNaN(panel.result.without[step])) waiting.push([panel, panel.result, step]);
      }
    }
    const go = () => {
      const until = performance.now() + SLICE, touched = new Set();
      while (waiting.length && performance.now() < until) {
        const [panel, result, step] = waiting.shift();
        result.without[step] = scoreWithout(network, result.found, step);
        touched.add(panel);
      }
      for (const panel of touched) panel.drawOcclusion();
      work = waiting.length && !stopped ? setTimeout(go, 4) : 0;
      tellBusy();
    };
    work = waiting.length ? setTimeout(go, 30) : 0;
    tellBusy();
  }

  /** The view as the part of an address behind #, and back; "" where the texts are too long for one. */
  function toHash() {
    const parts = new URLSearchParams({ a: both[0].text, b: both[1].text, at: both.map((p) => p.selected).join("-") });
    const hash = HASH + parts;
    return hash.length > LONGEST_LINK ? "" : hash;
  }

  function fromHash() {
    if (!onSite || !location.hash.startsWith(HASH)) return false;
    const parts = new URLSearchParams(location.hash.slice(HASH.length));
    const steps = (parts.get("at") || "").split("-").map((step) => (/^\d{1,5}$/.test(step) ? Number(step) : null));
    both.forEach((panel, index) => {
      panel.text = (parts.get("ab"[index]) ?? panel.text).slice(0, LONGEST_LINK);
      wanted[index] = steps[index] ?? null;
      update(panel);
      if (panel.result && wanted[index] !== null) panel.select(wanted[index], false);
    });
    return true;
  }

  function keep() {
    occludeAll();
    clearTimeout(keepLater);
    keepLater = setTimeout(() => {
      if (onSite) {
        const hash = toHash() || location.hash.replace(/^#explorer\?.*$/s, "");
        try { history.replaceState(history.state, "", hash || location.pathname + location.search); } catch { /* a file in a sandbox */ }
      } else {
        model.set("texts", both.map((panel) => panel.text));
        model.save_changes();
      }
    }, 300);
  }

  function changed(letter) {
    const panel = both["AB".indexOf(letter)];
    wanted[+(letter === "B")] = null;
    choice.value = "";
    load();
    update(panel);
    keep();
  }

  choice.addEventListener("change", () => {
    const example = examples[Number(choice.value)];
    if (choice.value === "" || !example) return;
    load();
    both.forEach((panel, index) => {
      panel.text = example["ab"[index]];
      wanted[index] = null;
      update(panel);
    });
    keep();
  });

  copy.addEventListener("click", async () => {
    const hash = toHash();
    if (!hash) return say("These texts are too long for a link.");
    const address = location.href.split("#")[0] + hash;
    try {
      await navigator.clipboard.writeText(address);
      return say("The link is in the clipboard.");
    } catch {
      try { history.replaceState(history.state, "", hash); } catch { /* the next line is true all the same */ }
      return say("Copy the address of this page: it holds this view.");
    }
  });

  const wanted = [null, null];
  function arrived(bytes) {
    try {
      network = unpack(bytes);
    } catch (error) {
      return failed(error);
    }
    both.forEach((panel, index) => {
      update(panel, panel.result !== null);
      if (wanted[index] !== null) panel.select(wanted[index], false);
    });
    summary();
  }

  function failed(error) {
    trouble = `The network cannot be used: ${error.message}. Load the page again.`;
    for (const panel of both) if (!ready.has(panel.text)) panel.clear("not available");
    summary();
  }

  let asked = false;
  function load() {
    if (asked) return;
    asked = true;
    tellBusy();
    const bytes = model.get("weights"), file = model.get("weights_file");
    if (bytes?.byteLength) {
      arrived(new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, bytes.byteLength));
    } else if (file) {
      loadBytes(new URL(file, model.get("assets")), file.split("/").at(-2) ?? file).then(arrived, failed);
    } else failed(new Error("its weights are missing"));
  }

  const start = model.get("texts") || (examples[0] ? [examples[0].a, examples[0].b] : ["", ""]);
  both.forEach((panel, index) => {
    panel.text = start[index] ?? "";
    update(panel);
  });
  const linked = fromHash();
  const onHash = () => fromHash();
  if (onSite) addEventListener("hashchange", onHash);
  if (!onSite || linked) load();
  // What stands there at first is ready without the network: it comes for who reaches for the explorer.
  else for (const kind of ["pointerover", "focusin"]) el.addEventListener(kind, load, { once: true });
  summary();
  if (linked) requestAnimationFrame(() => el.scrollIntoView());
  return () => {
    stopped = true;
    for (const timer of [work, tellLater, keepLater]) clearTimeout(timer);
    removeEventListener("hashchange", onHash);
  };
}

export default { render };
