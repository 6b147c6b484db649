/**
 * The character model of page 23: it writes on from what the reader types, one symbol at a time.
 *
 * model: `network`, the object that `gru_book.export.writer` packed, or `weights_file`, the address below `assets` of
 * the script that leaves it at window.gruBookWeights[page]; `beginning`, what stands in the field at first.
 *
 * Text of readers reaches the page through textContent only.
 */

const LONGEST = 240;  // symbols of a line, the beginning included
const PAUSE = 45;  // milliseconds between two symbols
const SHOWN = 10;  // bars
const NEW_LINE = "\n";  // ends a line; each begins after one

// --- the network -----------------------------------------------------------------------------------------------------

/** The numbers of one array: float32, or int8 with a float32 scale for each column. */
function unpackArray({ data, scale }, size, columns) {
  const bytes = (text, length) => {
    const found = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    if (found.length !== length) throw new Error("the weights are damaged");
    return found.buffer;
  };
  const values = scale === undefined ? new Float32Array(bytes(data, 4 * size)) : new Int8Array(bytes(data, size));
  const scales = scale === undefined ? null : new Float32Array(bytes(scale, 4 * columns));
  // As float32 products, like NumPy's.
  return Float64Array.from(values, (value, i) => (scales ? Math.fround(value * scales[i % columns]) : value));
}

/** The network in an object that `gru_book.export.writer` packed; throws where an array has another size. */
export function unpack({ symbols, units, arrays }) {
  const d = symbols.length, wide = 3 * units;
  const cell = { input_dim: d, units };
  cell.kernel = unpackArray(arrays.kernel, d * wide, wide);
  cell.recurrent_kernel = unpackArray(arrays.recurrent_kernel, units * wide, wide);
  cell.bias = unpackArray(arrays.bias, 2 * wide, wide);
  const id_of = new Map([...symbols].map((symbol, id) => [symbol, id]));
  return { symbols: [...symbols], id_of, cell, output: unpackArray(arrays.output, units * d, d) };
}

/** The symbols of a text that the network knows: it has small letters only. */
export function known(network, text) {
  return [...text.toLowerCase()].filter((symbol) => network.id_of.has(symbol) && symbol !== NEW_LINE).join("");
}

/** The state after a text, from `state` or from zeros. */
export function read(network, text, state) {
  const d = network.symbols.length, u = network.cell.units, symbols = [...text];
  const x = new Float64Array(symbols.length * d);
  symbols.forEach((symbol, step) => { x[step * d + network.id_of.get(symbol)] = 1; });
  return forward(network.cell, x, state).hidden_state.slice(-u);
}

/** The probability of each symbol to come next; the lower the temperature, the surer. */
export function probabilities(network, state, temperature = 1) {
  const d = network.symbols.length, scores = new Float64Array(d);
  state.forEach((value, i) => { for (let j = 0; j < d; j++) scores[j] += value * network.output[i * d + j]; });
  const most = Math.max(...scores), parts = scores.map((score) => Math.exp((score - most) / temperature));
  const sum = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => part / sum);
}

/** The symbol that a number between 0 and 1 picks. */
export function pick(network, chances, number) {
  let sum = 0;
  for (let id = 0; id < chances.length; id++) {
    sum += chances[id];
    if (number < sum) return network.symbols[id];
  }
  return network.symbols[chances.indexOf(Math.max(...chances))];  // the sum is 1 but for rounding
}

/** The object that the script at `address` leaves at window.gruBookWeights[name]. */
function load(address, name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.onerror = () => reject(new Error("the file is missing"));
    script.onload = () => resolve(window.gruBookWeights?.[name]);
    script.src = address;
    document.head.append(script);
  });
}

// --- the component ---------------------------------------------------------------------------------------------------

const STYLE = sharedStyle("gru-writer") + `
.gru-writer { margin: 0; }
.gru-writer .gru-controls { display: grid; grid-template-columns: 1fr; gap: 0.5rem 1rem; align-items: start; }
.gru-writer label { display: block; margin: 0; color: var(--gru-text); }
.gru-writer input[type="text"] { font: inherit; width: 100%; color: var(--gru-text); background: var(--gru-surface);
  border: 1px solid var(--gru-muted); border-radius: 0.35rem; padding: 0.25rem 0.5rem; min-height: 2rem; margin: 0; }
.gru-writer input[type="range"] { display: block; width: 100%; margin: 0; min-height: 2rem; accent-color: var(--gru-accent); }
.gru-writer .gru-buttons { display: flex; gap: 0.5rem; margin: 0.6rem 0; }
.gru-writer button { padding: 0.25rem 0.8rem; }
.gru-writer button.gru-go { color: var(--gru-ground); background: var(--gru-accent); border-color: var(--gru-accent);
  min-width: 5rem; }
.gru-writer .gru-output { min-height: 13rem; margin: 0; padding: 0.5rem; background: var(--gru-surface);
  border-radius: 0.35rem; font-size: 1rem; line-height: 1.5; overflow-wrap: anywhere; white-space: pre-wrap; }
.gru-writer .gru-output .gru-typed { font-weight: 600; }
.gru-writer .gru-status { min-height: 1.4em; color: var(--gru-muted); }
.gru-writer .gru-title { margin: 0.4rem 0 0.2rem; font-weight: 600; }
.gru-writer .gru-bars { display: grid; grid-template-columns: 1fr; gap: 0.1rem 1.5rem; list-style: none; margin: 0;
  padding: 0; }
.gru-writer .gru-bars li { display: grid; grid-template-columns: 4.2rem 1fr 3rem; gap: 0.5rem; align-items: center;
  margin: 0; line-height: 1.4; }
.gru-writer .gru-percent { text-align: right; font-variant-numeric: tabular-nums; }
.gru-writer .gru-track { display: block; height: 0.8rem; background: var(--gru-surface); border-radius: 0.2rem;
  overflow: hidden; }
.gru-writer .gru-bar { display: block; height: 100%; width: 0; background: var(--gru-accent); }
@media (min-width: 700px) {
  .gru-writer .gru-controls { grid-template-columns: 3fr 2fr; }
  .gru-writer .gru-output { min-height: 5.5rem; }
  .gru-writer .gru-bars { grid-template-columns: 1fr 1fr; grid-template-rows: repeat(5, auto); grid-auto-flow: column; } }
`;

const NAMES = { " ": "space", [NEW_LINE]: "end" };

function render({ model, el }) {
  const id = newId("gru-writer");
  let network, state = null, line = "", typed = "", timer, writing = false;
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  addStyle("gru-writer", STYLE, el);
  const field = make("input", { type: "text", id: `${id}-beginning`, maxlength: 120, autocomplete: "off",
    spellcheck: "false" });
  field.value = model.get("beginning") ?? "the film is ";
  const slider = make("input", { type: "range", id: `${id}-temperature`, min: 0.1, max: 1.5, step: 0.1 });
  slider.value = 0.5;
  const warmth = make("span", { "aria-hidden": "true" });
  const go = make("button", { type: "button", class: "gru-go" }, "Go");
  const anew = make("button", { type: "button" }, "Start again");
  const output = make("p", { class: "gru-output", role: "region", "aria-label": "What it has written", tabindex: "0" });
  const status = make("p", { class: "gru-status", role: "status" });
  const bars = make("ol", { class: "gru-bars", "aria-label": "The likeliest next symbols" });
  for (let i = 0; i < SHOWN; i++) {
    bars.append(make("li", {}, make("span", {}, "–"), make("span", { class: "gru-track", "aria-hidden": "true" },
      make("span", { class: "gru-bar" })), make("span", { class: "gru-percent" }, "–")));
  }
  el.append(make("section", { class: "gru-writer", "aria-label": "Character model" },
    make("div", { class: "gru-controls" },
      make("div", {}, make("label", { for: field.id }, "Your beginning, in small letters"), field),
      make("div", {}, make("label", { for: slider.id }, "Temperature ", warmth), slider)),
    make("div", { class: "gru-buttons" }, go, anew), output, status,
    make("p", { class: "gru-title" }, "What it expects next"), bars));

  const temperature = () => Number(slider.value);

  function showBars() {
    const chances = state ? probabilities(network, state, temperature()) : [];
    const order = [...chances.keys()].sort((a, b) => chances[b] - chances[a] || a - b);
    [...bars.children].forEach((row, place) => {
      const [name, track, percent] = row.children, symbol = state && network.symbols[order[place]];
      name.textContent = state ? NAMES[symbol] ?? symbol : "–";
      percent.textContent = state ? `${Math.round(100 * chances[order[place]])}%` : "–";
      track.firstChild.style.width = state ? `${100 * chances[order[place]]}%` : "0";
    });
  }

  function show() {
    output.replaceChildren(make("span", { class: "gru-typed" }, typed), line.slice(typed.length));
    showBars();
  }

  /** Read the beginning from zeros, as every line began in training: after the end of another. */
  function begin() {
    typed = known(network, field.value);
    line = typed;
    state = read(network, NEW_LINE + line);
    show();
  }

  async function prepare() {
    if (network) return true;
    try {
      const file = model.get("weights_file");
      const packed = model.get("network") ?? await load(new URL(file, model.get("assets")), file.split("/")[0]);
      network = unpack(packed);
      return true;
    } catch (error) {
      status.textContent = `The network could not be loaded: ${error.message}.`;
      return false;
    }
  }

  /** Write one symbol; whether there is more to write. */
  function step() {
    const symbol = pick(network, probabilities(network, state, temperature()), Math.random());
    if (symbol === NEW_LINE) return false;
    line += symbol;
    state = read(network, symbol, state);
    return line.length < LONGEST;
  }

  function stop(text) {
    clearTimeout(timer);
    writing = false;
    go.textContent = "Go";
    status.textContent = text;
  }

  function write() {
    let more = step();
    while (more && still.matches) more = step();  // without motion: the whole line at once
    show();
    if (more) timer = setTimeout(write, PAUSE); else finish();
  }

  function finish() {
    stop(line.length < LONGEST ? "The line has ended." : "The line is full.");
    state = null;  // the next Go begins anew
  }

  async function start() {
    if (!await prepare()) return;
    if (!state || known(network, field.value) !== typed) begin();
    writing = true;
    go.textContent = "Stop";
    status.textContent = "It writes.";
    write();
  }

  const halt = () => stop("Stopped. Go writes on.");
  go.addEventListener("click", () => { if (writing) halt(); else start(); });
  anew.addEventListener("click", async () => {
    stop("");
    if (await prepare()) begin();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !writing) { event.preventDefault(); start(); }
  });
  el.addEventListener("keydown", (event) => { if (event.key === "Escape" && writing) halt(); });
  slider.addEventListener("input", sayTemperature);

  function sayTemperature() {
    warmth.textContent = temperature().toFixed(1);
    slider.setAttribute("aria-valuetext", warmth.textContent);
    if (state) showBars();
  }

  sayTemperature();
  return () => clearTimeout(timer);
}

export default { render };
