/** The cell playground: every weight of a GRU with one or two units on a slider, gates and states as curves. */

const RANGES = { r: 20, z: 20, h: 4 };  // at ±20 a gate is shut or open to nine digits; a tanh needs less
const BLOCKS = [["r", "Reset gate", "r"], ["z", "Update gate", "z"], ["h", "Candidate state", "h̃"]];
const KINDS = {
  impulse: "one impulse",
  step: "a step",
  alternating: "alternating signs",
  noise: "noise, the same each time",
  bits: "random zeros and ones",
};
const NUMBERS = {  // what is neither a weight nor a bias: [label, lowest, highest, step of the slider, unit]
  size: ["Size of the input", -3, 3, 0.1, ""],
  start: ["It starts at step", 1, 20, 1, ""],
  num_steps: ["Length", 20, 60, 1, "steps"],
};
const CURVES = {  // the book's colours; in black and white the dashes tell them apart
  reset_gate: { symbol: "r", name: "reset gate r", colour: "#d55e00", dash: "7 4", width: 2 },
  update_gate: { symbol: "z", name: "update gate z", colour: "#0072b2", dash: "", width: 2 },
  candidate_state: { symbol: "h̃", name: "candidate state h̃", colour: "#e69f00", dash: "1 5", width: 3 },
  hidden_state: { symbol: "h", name: "hidden state h", colour: "#009e73", dash: "", width: 3 },
};

/** Return the names of the sliders that hold more than one number for `units`, and how many numbers that is. */
function shapes(units) {
  const found = {};
  for (const [gate] of BLOCKS) {
    found[`W_x${gate}`] = units;
    found[`W_h${gate}`] = units * units;  // row order: to unit 1 from 1, to 1 from 2, ...
    found[`b_${gate}`] = units;
  }
  found.initial_state = units;
  return found;
}

/** Return a whole setting; what `given` leaves out is that of a fresh unit, or 0. */
function setting(given) {
  const units = given.units ?? 1;
  const fresh = { W_xr: 0.5, W_hr: 0.5, W_xz: 0.5, W_hz: -0.5, W_xh: 1, W_hh: 0.9 };
  const made = { units, kind: "noise", size: 1, start: 5, num_steps: 40, ...given };
  for (const [name, length] of Object.entries(shapes(units))) {
    made[name] = given[name] ?? Array.from({ length }, (_, i) => {
      const crossing = name.startsWith("W_h") && i % (units + 1) !== 0;  // from one unit to the other
      return crossing ? 0 : fresh[name] ?? 0;
    });
  }
  return made;
}

export const PRESETS = {
  fresh: ["Fresh unit", "Biases at 0, as training starts: z stays near one half, and h is a smoothed h̃.", setting({})],
  rnn: ["Plain RNN", "Both gates are open: h lies on h̃, and after the impulse only the weight from state to candidate "
    + "makes it swing.", setting({ kind: "impulse", W_hh: [-1.5], b_r: [20], b_z: [20] })],
  copier: ["Copier", "The update gate is shut: h stays at its start, 0.6, whatever comes in and whatever h̃ proposes.",
    setting({ b_z: [-20], initial_state: [0.6] })],
  memoryless: ["Memoryless", "r is 0 and z is 1: h sees the present input only, so the weight from state to candidate "
    + "has no effect; try it.", setting({ W_hh: [-1.5], b_r: [-20], b_z: [20] })],
  half_life: ["Half-life of 8 steps", "The impulse opens z and writes; then the bias of −2.4 gives away a twelfth of h "
    + "a step, so that half is left after 8.",
    setting({ kind: "impulse", W_xr: [0], W_hr: [0], W_xz: [20], W_hz: [0], b_z: [-2.4], W_xh: [3], W_hh: [0] })],
  parity: ["Parity counter", "A one opens z, and h̃ is the opposite of h: the sign of h turns at every one and keeps "
    + "at every zero.", setting({ kind: "bits", start: 1, W_xr: [0], W_hr: [0], b_r: [10], W_xz: [20], W_hz: [0],
    b_z: [-10], W_xh: [0], W_hh: [-3], initial_state: [1] })],
  two: ["Two units, two ways", "Each unit has gates of its own: the first copies its start, 0.6, while the second "
    + "follows the input.", setting({ units: 2, b_r: [0, -20], b_z: [-20, 20], initial_state: [0.6, 0] })],
  clock: ["Clock of two units", "All gates are open and the two states turn each other: one impulse starts a swing of "
    + "about 12 steps that never ends.", setting({ units: 2, kind: "impulse", b_r: [20, 20], b_z: [20, 20],
    W_xh: [1, 0], W_hh: [1, -0.6, 0.6, 1] })],
};

/** Numbers between 0 and 1 that are the same in every browser (mulberry32). */
function generator(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Return the input of every step: 0 before step `start`, then the chosen kind. */
export function inputsOf({ kind, size, start, num_steps }) {
  const random = generator(21);
  return Float64Array.from({ length: num_steps }, (_, i) => {
    const step = i + 1, drawn = random();
    if (step < start) return 0;
    const value = { impulse: step === start ? 1 : 0, step: 1, alternating: (step - start) % 2 ? -1 : 1,
      noise: 2 * drawn - 1, bits: drawn < 0.4 ? 1 : 0 }[kind];
    return size * value || 0;  // no -0
  });
}

/** Return the weights as Keras has them: its update gate weighs the old state, so everything inside it is negated. */
export function kerasWeights(given) {
  const u = given.units, width = 3 * u;
  const kernel = new Float64Array(width), bias = new Float64Array(2 * width);
  const recurrent_kernel = new Float64Array(u * width);
  ["z", "r", "h"].forEach((gate, block) => {
    const sign = gate === "z" ? -1 : 1;
    for (let i = 0; i < u; i++) {
      const column = block * u + i;
      kernel[column] = sign * given[`W_x${gate}`][i];
      bias[column] = sign * given[`b_${gate}`][i];
      for (let j = 0; j < u; j++) recurrent_kernel[j * width + column] = sign * given[`W_h${gate}`][i * u + j];
    }
  });
  return { input_dim: 1, units: u, kernel, recurrent_kernel, bias };
}

/** Run the cell of a setting; gates in the book's convention, each array (num_steps, units), and the inputs. */
export function simulate(given) {
  const inputs = inputsOf(given);
  return { inputs, ...bookGates(forward(kerasWeights(given), inputs, given.initial_state)) };
}

/** Return the states of the three networks that a GRU becomes at the ends of its gates, written without any gate. */
export function limitsOf(given) {
  const u = given.units, inputs = inputsOf(given);
  function withoutGates(memory) {
    let h = given.initial_state;
    return Float64Array.from([...inputs].flatMap((x) => {
      h = h.map((_, i) => {
        let a = given.W_xh[i] * x + given.b_h[i];
        for (let j = 0; j < u; j++) a += memory * given.W_hh[i * u + j] * h[j];
        return Math.tanh(a);
      });
      return h;
    }));
  }
  const copier = Float64Array.from({ length: inputs.length * u }, (_, i) => given.initial_state[i % u]);
  return { "a plain RNN": withoutGates(1), "a copier": copier, "a memoryless net": withoutGates(0) };
}

/** Return the largest distance of unit `i` from each limit. */
export function distancesOf(given, run, i) {
  return Object.entries(limitsOf(given)).map(([name, limit]) => {
    let largest = 0;
    for (let k = i; k < limit.length; k += given.units) {
      largest = Math.max(largest, Math.abs(limit[k] - run.hidden_state[k]));
    }
    return [name, largest];
  });
}

/** Return a setting as text for an address. */
export function encode(given) {
  const numbers = Object.keys(shapes(given.units)).flatMap((name) => given[name]);
  return [given.units, given.kind, given.size, given.start, given.num_steps, ...numbers].join(",");
}

/** Return the setting that a text from an address means, every number within its slider's range; null for none. */
export function decode(text) {
  const [units, kind, ...rest] = String(text).split(",");
  if (!["1", "2"].includes(units) || !Object.hasOwn(KINDS, kind)) return null;
  const numbers = rest.map((word) => (word.trim() === "" ? NaN : Number(word)));
  const made = { units: Number(units), kind };
  const wanted = Object.entries(shapes(made.units));
  const names = Object.keys(NUMBERS);
  if (numbers.length !== names.length + wanted.reduce((sum, [, n]) => sum + n, 0)) return null;
  if (!numbers.every(Number.isFinite)) return null;
  names.forEach((name, i) => {
    const [, low, high, step] = NUMBERS[name];
    made[name] = within(Math.round(numbers[i] / step) * step, low, high);
  });
  let next = names.length;
  for (const [name, n] of wanted) {
    const range = rangeOf(name);
    made[name] = numbers.slice(next, next + n).map((value) => within(value, -range, range));
    next += n;
  }
  return made;
}

function rangeOf(name) {
  return name === "initial_state" ? 1 : RANGES[name.at(-1)];
}

function within(value, low, high) {
  return Number(Math.min(high, Math.max(low, value)).toFixed(2));
}

/** Write a number with a real minus sign. */
function shown(value, digits = 2) {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

function distanceShown(value) {
  if (value === 0) return "0";
  return value >= 0.005 ? shown(value) : value.toExponential(0).replace("e-", "e−");
}

/** Return how many steps a unit takes to lose half of its state while z stays what its bias makes it. */
export function halfLife(bias) {
  return Math.log(0.5) / Math.log1p(-sigmoid(bias));
}

function halfLifeShown(bias) {
  const steps = halfLife(bias);
  if (steps < 0.1) return "less than 0.1 steps";
  if (steps > 1e4) return "more than 10,000 steps";
  return `${steps < 100 ? steps.toFixed(1) : Math.round(steps).toLocaleString("en")} steps`;
}

const STYLE = sharedStyle("gru-playground") + `
.gru-playground .gru-presets { display: flex; flex-wrap: wrap; gap: 0.35rem; }
.gru-playground button[aria-pressed="true"] { color: var(--gru-ground); background: var(--gru-accent);
  border-color: var(--gru-accent); }
.gru-playground .gru-note { min-height: 2.8em; }
.gru-playground .gru-legend { display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; color: var(--gru-text); }
.gru-playground .gru-legend svg { width: 2rem; height: 0.7rem; margin-right: 0.35rem; vertical-align: middle; }
.gru-playground .gru-charts { display: grid; gap: 0.5rem 1rem; background: var(--gru-ground); padding: 0.2rem 0; }
.gru-playground .gru-chart { height: 21rem; min-width: 0; touch-action: pan-y; }
.gru-playground .gru-chart text.gru-end { font-size: 14px; }
.gru-playground .gru-stem { stroke: var(--gru-muted); stroke-width: 3; }
.gru-playground .gru-cursor { stroke: var(--gru-muted); stroke-width: 1; stroke-dasharray: 2 2; }
.gru-playground .gru-reading { font-variant-numeric: tabular-nums; min-height: 1.4em; margin: 0; }
.gru-playground .gru-status { min-height: 5em; padding-bottom: 0.4rem; }
.gru-playground .gru-blocks { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(11.5rem, 100%), 1fr));
  gap: 0.5rem 0.75rem; }
.gru-playground fieldset { border: 1px solid var(--gru-line); border-radius: 0.35rem; padding: 0.2rem 0.6rem 0.4rem;
  margin: 0; min-width: 0; }
.gru-playground legend { float: none; width: auto; font-size: inherit; font-weight: 600; line-height: 1.4;
  margin: 0; padding: 0 0.3rem; }
.gru-playground legend span { display: inline-block; width: 0.8em; height: 0.8em; border-radius: 0.15em;
  margin-right: 0.4em; }
.gru-playground .gru-row { display: grid; grid-template-columns: 1fr auto; align-items: baseline; margin: 0.15rem 0; }
.gru-playground .gru-row label { color: var(--gru-text); margin: 0; }
.gru-playground .gru-row span { font-variant-numeric: tabular-nums; }
.gru-playground .gru-row input, .gru-playground .gru-row select { grid-column: 1 / -1; width: 100%; margin: 0;
  min-height: 1.5rem; accent-color: var(--gru-accent); }
.gru-playground select { font: inherit; color: var(--gru-text); background: var(--gru-surface);
  border: 1px solid var(--gru-muted); border-radius: 0.35rem; padding: 0.15rem 0.3rem; max-width: 100%; }
@media (min-width: 700px) { .gru-playground .gru-charts.gru-two { grid-template-columns: 1fr 1fr; } }
@media (max-width: 699px) { .gru-playground { padding: 0.5rem; }
  .gru-playground .gru-chart { height: 17rem; }
  .gru-playground .gru-note { min-height: 4.2em; }
  .gru-playground .gru-reading { min-height: 2.8em; }
  .gru-playground .gru-status { min-height: 9.2em; } }
@media (max-width: 699px) and (min-height: 560px) {
  .gru-playground .gru-charts:not(.gru-two) { position: sticky; top: 3.2rem; z-index: 1; }
  .gru-playground .gru-row input, .gru-playground .gru-row select { scroll-margin-top: 22rem; } }
`;

function render({ model, el }) {
  const id = newId("gru-playground");
  const onSite = model.get("assets") !== undefined;  // elsewhere the address is not ours
  const fromAddress = onSite && location.hash.startsWith("#playground=")
    ? decode(location.hash.slice("#playground=".length)) : null;
  let current = structuredClone(fromAddress ?? PRESETS.fresh[2]);
  let preset = fromAddress ? null : "fresh";
  let run, look = 12, later;

  addStyle("gru-playground", STYLE, el);
  const root = make("section", { class: "gru-playground", "aria-label": "Cell playground" });
  const presets = make("div", { class: "gru-presets", role: "group", "aria-label": "Presets" });
  const note = make("p", { class: "gru-note" });
  const charts = make("div", { class: "gru-charts" });
  const legend = make("div", { class: "gru-legend", "aria-hidden": "true" });
  const reading = make("p", { class: "gru-reading" });
  const status = make("div", { class: "gru-status", role: "status" });
  const controls = make("div", { class: "gru-blocks" });
  const table = make("details", {}, make("summary", {}, "All numbers as a table"));
  root.append(presets, note, legend, charts, reading, status, controls, table);

  for (const [name, [title]] of Object.entries(PRESETS)) {
    const button = make("button", { type: "button", "data-preset": name }, title);
    button.addEventListener("click", () => {
      preset = name;
      current = structuredClone(PRESETS[name][2]);
      buildControls();
      update();
    });
    presets.append(button);
  }
  for (const { name, colour, dash, width } of Object.values(CURVES)) {
    const line = { d: "M2 6H30", stroke: colour, "stroke-width": width, "stroke-dasharray": dash, fill: "none",
      "stroke-linecap": dash === "1 5" ? "round" : "butt" };
    legend.append(make("span", {}, make("svg", { viewBox: "0 0 32 12" }, make("path", line)), name));
  }

  /** A slider with its label and its value; `write` gets the number. */
  function slider(label, value, [low, high, step], unit, write, key) {
    const name = `${id}-${key}`;
    const input = make("input", { type: "range", id: name, min: low, max: high, step, "data-key": key });
    input.value = value;
    const out = make("span", { "aria-hidden": "true" });  // the slider itself says its value
    const say = () => {
      const text = shown(Number(input.value), step < 1 ? 1 : 0) + (unit && ` ${unit}`);
      out.textContent = text;
      input.setAttribute("aria-valuetext", text);
    };
    say();
    input.addEventListener("input", () => {
      write(Number(input.value));
      say();
      if (key !== "look") preset = null;
      update();
    });
    return make("div", { class: "gru-row" }, make("label", { for: name }, ...label), out, input);
  }

  function choice(label, options, value, write, key) {
    const name = `${id}-${key}`;
    const select = make("select", { id: name, "data-key": key });
    for (const [key, text] of Object.entries(options)) select.append(make("option", { value: key }, text));
    select.value = value;
    select.addEventListener("change", () => { preset = null; write(select.value); });
    return make("div", { class: "gru-row" }, make("label", { for: name }, label), make("span"), select);
  }

  /** The label of one weight, as in the equations. */
  function symbol(name, i) {
    const u = current.units, [letter, index] = name.split("_");
    const to = letter === "W" && index[0] === "h" ? Math.floor(i / u) : i, from = i % u;
    const sub = make("sub", {}, index);
    const mark = u === 1 ? "" : ` to unit ${to + 1}`;
    if (letter === "b") return ["b", sub, ` bias${u === 1 ? "" : ` of unit ${to + 1}`}`];
    if (index[0] === "x") return ["W", sub, ` from the input${mark}`];
    return ["W", sub, u === 1 ? " from the state" : ` from unit ${from + 1}${mark}`];
  }

  function buildControls() {
    const focused = root.contains(document.activeElement) ? document.activeElement.dataset?.key : null;
    controls.replaceChildren();
    for (const [gate, title, letter] of BLOCKS) {
      const colour = { r: CURVES.reset_gate, z: CURVES.update_gate, h: CURVES.candidate_state }[gate].colour;
      const swatch = make("span", { style: `background: ${colour}`, "aria-hidden": "true" });
      const group = make("fieldset", {}, make("legend", {}, swatch, `${title} ${letter}`));
      for (const name of [`W_x${gate}`, `W_h${gate}`, `b_${gate}`]) {
        current[name].forEach((value, i) => {
          const scale = [-RANGES[gate], RANGES[gate], 0.1];
          group.append(slider(symbol(name, i), value, scale, "", (v) => { current[name][i] = v; }, `${name}-${i}`));
        });
      }
      controls.append(group);
    }
    const input = make("fieldset", {}, make("legend", {}, "Input x"));
    input.append(choice("Kind", KINDS, current.kind, (kind) => { current.kind = kind; update(); }, "kind"));
    for (const [name, [label, low, high, step, unit]] of Object.entries(NUMBERS)) {
      input.append(slider([label], current[name], [low, high, step], unit, (v) => { current[name] = v; }, name));
    }
    const cell = make("fieldset", {}, make("legend", {}, "Cell"));
    cell.append(choice("Units", { 1: "one unit", 2: "two units" }, String(current.units), resize, "units"));
    current.initial_state.forEach((value, i) => {
      const label = [`State at the start${current.units === 1 ? "" : `, unit ${i + 1}`}`];
      cell.append(slider(label, value, [-1, 1, 0.1], "", (v) => { current.initial_state[i] = v; }, `h0-${i}`));
    });
    const reader = slider(["Read the values at step"], look, [1, current.num_steps, 1], "", (v) => { look = v; }, "look");
    cell.append(reader);
    controls.append(input, cell);
    if (focused) root.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  /** Go from one unit to two or back; the first unit keeps its weights. */
  function resize(text) {
    const before = current, units = Number(text);
    const { kind, size, start, num_steps } = before;
    current = setting({ units, kind, size, start, num_steps });
    for (const name of Object.keys(shapes(units))) current[name][0] = before[name][0];
    buildControls();
    update();
  }

  function update() {
    look = Math.min(look, current.num_steps);
    const reader = root.querySelector('[data-key="look"]');
    reader.max = current.num_steps;
    run = simulate(current);
    for (const button of presets.children) button.setAttribute("aria-pressed", button.dataset.preset === preset);
    note.textContent = preset ? PRESETS[preset][1]
      : "Your own setting. What do you expect when you move the next slider? Say it first, then move it.";
    draw();
    read();
    if (table.open) fillTable();
    clearTimeout(later);  // a voice should not read every value on the way
    later = setTimeout(settle, 250);
  }

  function settle() {
    status.replaceChildren(...summary());
    if (onSite && preset !== "fresh") {
      try { history.replaceState(history.state, "", `#playground=${encode(current)}`); } catch { /* not here */ }
    }
  }

  function summary() {
    const sentences = [];
    for (let i = 0; i < current.units; i++) {
      const of = (name) => Array.from({ length: current.num_steps }, (_, t) => run[name][t * current.units + i]);
      const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
      const h = of("hidden_state");
      const far = distancesOf(current, run, i).map(([name, d]) => `${distanceShown(d)} from ${name}`).join(", ");
      sentences.push(make("p", {}, `${current.units === 1 ? "" : `Unit ${i + 1}: `}On average r is ${shown(mean(of("reset_gate")))} and `
        + `z is ${shown(mean(of("update_gate")))}; h lies between ${shown(Math.min(...h))} and ${shown(Math.max(...h))} `
        + `and ends at ${shown(h.at(-1))}. Largest distance of h: ${far}. `
        + `Half-life by the bias of z alone: ${halfLifeShown(current.b_z[i])}.`));
    }
    return sentences;
  }

  function read() {
    const t = look - 1, u = current.units;
    const values = Array.from({ length: u }, (_, i) => Object.entries(CURVES).map(
      ([name, { symbol }]) => `${symbol}${u === 1 ? "" : "₁₂"[i]} = ${shown(run[name][t * u + i])}`).join(", "));
    reading.textContent = `Step ${look}: x = ${shown(run.inputs[t])}, ${values.join("; ")}`;
    const reader = root.querySelector('[data-key="look"]');
    reader.value = look;
    reader.previousElementSibling.textContent = look;
    reader.setAttribute("aria-valuetext", reading.textContent);
  }

  function draw() {
    charts.classList.toggle("gru-two", current.units === 2);
    while (charts.children.length > current.units) charts.lastChild.remove();
    while (charts.children.length < current.units) {
      const chart = make("div", { class: "gru-chart" });
      const point = (event) => {
        const box = chart.getBoundingClientRect();
        const step = Math.round((event.clientX - box.left - 38) / (box.width - 66) * current.num_steps);
        look = Math.min(current.num_steps, Math.max(1, step));
        draw();
        read();
      };
      chart.addEventListener("pointermove", point);
      chart.addEventListener("pointerdown", point);
      charts.append(chart);
      observer?.observe(chart);
    }
    [...charts.children].forEach((chart, i) => drawUnit(chart, i));
  }

  function drawUnit(chart, i) {
    const width = chart.clientWidth, height = chart.clientHeight;
    if (!width || !height) return;  // not on the page yet: the observer draws
    const u = current.units, steps = current.num_steps, left = 38, right = width - 28;
    const across = (t) => left + (right - left) * t / steps;
    const label = `Unit ${i + 1}: input, gates and states over ${steps} steps; the text and the table below give numbers`;
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    const room = height - 98, parts = [0.18, 0.36, 0.46];  // of the input, the gates, the states
    const most = Math.max(1, Math.abs(current.size));
    const panels = [[-most, most, `${u === 1 ? "" : `unit ${i + 1}: `}input x`, []],
      [0, 1, "gates", ["update_gate", "reset_gate"]], [-1, 1, "states", ["hidden_state", "candidate_state"]]];
    let top = 20;
    panels.forEach(([low, high, title, names], p) => {
      const tall = room * parts[p], bottom = top + tall;
      const up = (value) => bottom - tall * (value - low) / (high - low);
      svg.append(make("text", { x: left, y: top - 7 }, title));
      for (const value of p ? [low, (low + high) / 2, high] : [low, 0, high]) {
        svg.append(make("line", { class: "gru-grid", x1: left, x2: right, y1: up(value), y2: up(value) }));
        const digits = Number.isInteger(value) ? 0 : 1;
        svg.append(make("text", { class: "gru-tick", x: left - 6, y: up(value) + 4, "text-anchor": "end" },
          shown(value, digits)));
      }
      if (!p) {
        run.inputs.forEach((x, t) => {
          if (x) svg.append(make("line", { class: "gru-stem", x1: across(t + 1), x2: across(t + 1), y1: up(0), y2: up(x) }));
        });
      }
      const ends = [];
      for (const name of names) {  // the broken line last: where both are one, both are seen
        const { symbol, colour, dash, width } = CURVES[name];
        const points = Array.from({ length: steps }, (_, t) => [across(t + 1), up(run[name][t * u + i])]);
        if (name === "hidden_state") points.unshift([across(0), up(current.initial_state[i])]);
        svg.append(make("path", { "data-curve": name, d: `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`,
          fill: "none", stroke: colour, "stroke-width": width, "stroke-dasharray": dash, "stroke-linejoin": "round",
          "stroke-linecap": dash === "1 5" ? "round" : "butt" }));
        ends.push([symbol, points.at(-1)[1] + 4]);
      }
      ends.sort((a, b) => a[1] - b[1]);
      if (ends.length === 2 && ends[1][1] - ends[0][1] < 15) {  // two labels on one spot: move them apart
        const middle = Math.min(bottom - 3, Math.max(top + 10, (ends[0][1] + ends[1][1]) / 2));
        ends[0][1] = middle - 7.5;
        ends[1][1] = middle + 7.5;
      }
      for (const [text, y] of ends) svg.append(make("text", { class: "gru-end", x: right + 8, y }, text));
      top = bottom + 30;
    });
    const last = top - 30;
    svg.append(make("line", { class: "gru-cursor", x1: across(look), x2: across(look), y1: 20, y2: last }));
    for (let t = 0; t <= steps; t += 10) {
      svg.append(make("text", { class: "gru-tick", x: across(t), y: last + 14, "text-anchor": "middle" }, t));
    }
    if (steps % 10) svg.append(make("text", { class: "gru-tick", x: right, y: last + 14, "text-anchor": "end" }, "step"));
    chart.replaceChildren(svg);
  }

  function fillTable() {
    const u = current.units, heads = ["step", "x"];
    for (let i = 0; i < u; i++) {
      for (const { symbol } of Object.values(CURVES)) heads.push(symbol + (u === 1 ? "" : "₁₂"[i]));
    }
    const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
    const rows = Array.from({ length: current.num_steps }, (_, t) => {
      const cells = [shown(run.inputs[t], 3)];
      for (let i = 0; i < u; i++) for (const name of Object.keys(CURVES)) cells.push(shown(run[name][t * u + i], 3));
      return make("tr", {}, make("th", { scope: "row" }, String(t + 1)), ...cells.map((text) => make("td", {}, text)));
    });
    const whole = make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
    const box = make("div", { class: "gru-scroll", tabindex: "0", role: "region", "aria-label": "All numbers" }, whole);
    table.replaceChildren(table.firstChild, box);
  }

  table.addEventListener("toggle", () => { if (table.open) fillTable(); });
  const observer = typeof ResizeObserver === "function" ? new ResizeObserver(() => draw()) : null;
  buildControls();
  update();
  clearTimeout(later);
  status.replaceChildren(...summary());  // at once, so that nothing moves later
  el.append(root);
  if (fromAddress) requestAnimationFrame(() => root.scrollIntoView());
  return () => { observer?.disconnect(); clearTimeout(later); };
}

export default { render };
