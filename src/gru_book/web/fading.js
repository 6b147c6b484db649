/** A gradient on its way back through fresh layers: a plain RNN, an LSTM and a GRU that read the same inputs. */

const UNITS = 24;  // of each layer, and numbers in an input vector
const DIRECTIONS = 8;  // gradients that are sent back at once; the root mean square of their lengths is shown
const CELLS = {  // blocks of weights as the equations name them; the colours are the book's
  RNN: { blocks: ["h"], colour: "#009e73", dash: "7 4" },
  LSTM: { blocks: ["i", "f", "c", "o"], colour: "#d55e00", dash: "2 3" },
  GRU: { blocks: ["r", "z", "h"], colour: "#0072b2", dash: "" },
};
const SCALES = [0.03, 0.1, 0.3, 1, 3, 10];
const SLIDERS = {  // [label, lowest, highest, step]
  num_steps: [["Steps of the sequence, T"], 10, 200, 10],
  b_z: [["GRU: bias b", "z", " (below 0 it keeps more)"], -6, 2, 0.5],
  b_f: [["LSTM: bias b", "f", " (above 0 it keeps more)"], -2, 6, 0.5],
  scale: [["Size of the inputs (standard deviation)"], 0, SCALES.length - 1, 1],
};

export const PRESETS = {
  fresh: ["As Keras starts", "Biases as Keras sets them: 0, and 1 for the LSTM's forget gate. Inputs as small as those of a "
    + "fresh embedding.", { num_steps: 60, b_z: 0, b_f: 1, scale: 0.03 }],
  equal: ["Equal gates", "The forget gate's bias is 0, too: now both gates keep about one half a step.",
    { num_steps: 60, b_z: 0, b_f: 0, scale: 0.03 }],
  keep: ["Gates that keep", "Biases of −5 and 5: both gates keep about 99% a step.",
    { num_steps: 60, b_z: -5, b_f: 5, scale: 0.03 }],
  large: ["Large inputs", "Biases as Keras sets them, but inputs a hundred times larger: they push every tanh into its flat "
    + "parts.", { num_steps: 60, b_z: 0, b_f: 1, scale: 3 }],
};

/** Numbers between 0 and 1 that are the same in every browser (mulberry32). */
function uniform(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Return `size` normal numbers, by Box and Muller. */
function normal(size, random) {
  return Float64Array.from({ length: size }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return radius * Math.cos(2 * Math.PI * random());
  });
}

/** Return a matrix (rows, columns), flat in row order, whose columns are orthonormal (Gram and Schmidt, twice). */
function orthonormal(rows, columns, random) {
  const found = [];
  for (let j = 0; j < columns; j++) {
    const v = normal(rows, random);
    for (let pass = 0; pass < 2; pass++) {
      for (const q of found) {
        const along = q.reduce((sum, value, i) => sum + value * v[i], 0);
        for (let i = 0; i < rows; i++) v[i] -= along * q[i];
      }
    }
    const length = Math.hypot(...v);
    found.push(v.map((value) => value / length));
  }
  return Float64Array.from({ length: rows * columns }, (_, k) => found[k % columns][Math.floor(k / columns)]);
}

/**
 * Draw the three layers of a setting as Keras does, and what they read: { layers, inputs, directions }.
 *
 * layers: by cell { W_x, W_h, b }, flat, blocks below each other: (blocks * UNITS, UNITS) twice, (blocks * UNITS).
 * inputs: (num_steps, UNITS). directions: (DIRECTIONS, UNITS), each of length 1. The same at every call.
 */
export function drawn({ num_steps, b_z, b_f, scale }) {
  const u = UNITS, random = uniform(24), layers = {};
  for (const [cell, { blocks }] of Object.entries(CELLS)) {
    const limit = Math.sqrt(6 / (u + blocks.length * u));
    const W_x = Float64Array.from({ length: blocks.length * u * u }, () => limit * (2 * random() - 1));
    const W_h = orthonormal(blocks.length * u, u, random), b = new Float64Array(blocks.length * u);
    if (cell === "LSTM") b.fill(b_f, u, 2 * u);
    if (cell === "GRU") b.fill(b_z, u, 2 * u);
    layers[cell] = { W_x, W_h, b };
  }
  const directions = normal(DIRECTIONS * u, random);
  for (let i = 0; i < DIRECTIONS; i++) {
    const one = directions.subarray(i * u, (i + 1) * u), length = Math.hypot(...one);
    for (let j = 0; j < u; j++) one[j] /= length;
  }
  const inputs = normal(num_steps * u, random).map((x) => scale * x);
  return { layers, inputs, directions };
}

/** Return what W a gives, flat W (a.length / UNITS * UNITS, UNITS), for the transposed product with a gradient `a`. */
function transposed(W, a) {
  const made = new Float64Array(UNITS);
  for (let i = 0, k = 0; i < a.length; i++) for (let j = 0; j < UNITS; j++, k++) made[j] += W[k] * a[i];
  return made;
}

/** Run a layer; return what its way back needs, one entry a step. */
function kept(cell, { W_x, W_h, b }, inputs) {
  const u = UNITS, steps = [];
  let h = new Float64Array(u), c = new Float64Array(u);
  for (let t = 0; t < inputs.length / u; t++) {
    const fromInput = b.slice(), fromState = new Float64Array(b.length);
    for (let i = 0, k = 0; i < b.length; i++) {
      for (let j = 0; j < u; j++, k++) {
        fromInput[i] += W_x[k] * inputs[t * u + j];
        fromState[i] += W_h[k] * h[j];
      }
    }
    const part = (block, f) => Float64Array.from({ length: u }, (_, i) => f(fromInput[block * u + i] + fromState[block * u + i]));
    if (cell === "RNN") {
      const after = part(0, Math.tanh);
      steps.push({ after });
      h = after;
    } else if (cell === "LSTM") {
      const [i, f, g, o] = [part(0, sigmoid), part(1, sigmoid), part(2, Math.tanh), part(3, sigmoid)];
      const after = c.map((old, n) => f[n] * old + i[n] * g[n]);
      steps.push({ i, f, g, o, c, tanh: after.map(Math.tanh) });
      c = after;
      h = after.map((value, n) => o[n] * Math.tanh(value));
    } else {
      const r = part(0, sigmoid), z = part(1, sigmoid), s = fromState.slice(2 * u);
      const candidate = s.map((value, n) => Math.tanh(fromInput[2 * u + n] + r[n] * value));
      steps.push({ r, z, s, h, candidate });
      h = h.map((old, n) => (1 - z[n]) * old + z[n] * candidate[n]);
    }
  }
  return steps;
}

/** Send one gradient at the last hidden state back; return its length at every distance, (num_steps + 1). */
function sentBack(cell, W_h, steps, direction) {
  const u = UNITS, lengths = [1], a = new Float64Array(W_h.length / u);
  let d = direction, d_c = new Float64Array(u);
  for (const step of steps.toReversed()) {
    let copied = null;
    for (let n = 0; n < u; n++) {
      if (cell === "RNN") {
        a[n] = d[n] * (1 - step.after[n] ** 2);
      } else if (cell === "LSTM") {
        const { i, f, g, o, c, tanh } = step;
        d_c[n] += d[n] * o[n] * (1 - tanh[n] ** 2);
        a[n] = d_c[n] * g[n] * i[n] * (1 - i[n]);
        a[u + n] = d_c[n] * c[n] * f[n] * (1 - f[n]);
        a[2 * u + n] = d_c[n] * i[n] * (1 - g[n] ** 2);
        a[3 * u + n] = d[n] * tanh[n] * o[n] * (1 - o[n]);
      } else {
        const { r, z, s, h, candidate } = step;
        const inside = d[n] * z[n] * (1 - candidate[n] ** 2);
        a[n] = inside * s[n] * r[n] * (1 - r[n]);
        a[u + n] = d[n] * (candidate[n] - h[n]) * z[n] * (1 - z[n]);
        a[2 * u + n] = inside * r[n];
      }
    }
    if (cell === "GRU") copied = d.map((value, n) => value * (1 - step.z[n]));
    d = transposed(W_h, a);
    if (copied) d = d.map((value, n) => value + copied[n]);
    if (cell === "LSTM") d_c = d_c.map((value, n) => value * step.f[n]);
    lengths.push(Math.hypot(...(cell === "LSTM" ? d_c : d)));
  }
  return lengths;
}

/** Return by cell what is retained of a gradient at each distance, (num_steps + 1); for the LSTM at its cell state. */
export function retained(setting) {
  const { layers, inputs, directions } = drawn(setting), found = {};
  for (const cell of Object.keys(CELLS)) {
    const steps = kept(cell, layers[cell], inputs), squares = new Float64Array(setting.num_steps + 1);
    for (let i = 0; i < DIRECTIONS; i++) {
      const one = directions.slice(i * UNITS, (i + 1) * UNITS);
      sentBack(cell, layers[cell].W_h, steps, one).forEach((length, k) => { squares[k] += length ** 2 / DIRECTIONS; });
    }
    found[cell] = squares.map(Math.sqrt);
  }
  return found;
}

/** Return the first distance at which at most one half is retained; null where more is retained everywhere. */
export function half(values) {
  const found = values.findIndex((value) => value <= 0.5);
  return found < 0 ? null : found;
}

function raised(exponent) {
  return String(exponent).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
}

/** Write what is retained, as 0.31 or 2.4 × 10⁻⁷. */
export function shown(value) {
  if (value >= 0.01) return value.toFixed(2);
  if (value < 1e-300) return "0";
  const [digits, exponent] = value.toExponential(1).split("e");
  return `${digits} × 10${raised(Number(exponent))}`;
}

function signed(value) {
  return String(value).replace("-", "−");
}

const STYLE = sharedStyle("gru-fading") + `
.gru-fading .gru-buttons { display: flex; flex-wrap: wrap; gap: 0.35rem; }
.gru-fading button[aria-pressed="true"], .gru-fading .gru-send { color: var(--gru-ground);
  background: var(--gru-accent); border-color: var(--gru-accent); }
.gru-fading .gru-note { min-height: 2.8em; }
.gru-fading .gru-chart { height: 25rem; min-width: 0; touch-action: pan-y; background: var(--gru-ground); }
.gru-fading .gru-chart text.gru-name { font-size: 13px; font-weight: 600; }
.gru-fading .gru-frame { fill: none; stroke: var(--gru-muted); stroke-width: 1; }
.gru-fading .gru-cover { fill: var(--gru-ground); opacity: 0.88; }
.gru-fading .gru-front { stroke: var(--gru-text); stroke-width: 1.5; }
.gru-fading .gru-row { display: grid; grid-template-columns: 1fr auto; align-items: baseline; margin: 0.15rem 0; }
.gru-fading .gru-row label { color: var(--gru-text); margin: 0; }
.gru-fading .gru-row span { font-variant-numeric: tabular-nums; }
.gru-fading .gru-row input { grid-column: 1 / -1; width: 100%; margin: 0; min-height: 1.5rem;
  accent-color: var(--gru-accent); }
.gru-fading .gru-sliders { display: grid; gap: 0 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); }
.gru-fading .gru-status { min-height: 4.2em; font-variant-numeric: tabular-nums; }
@media (max-width: 699px) { .gru-fading { padding: 0.5rem; }
  .gru-fading .gru-chart { height: 23rem; }
  .gru-fading .gru-note { min-height: 4.2em; }
  .gru-fading .gru-status { min-height: 7em; } }
`;

function render({ el }) {
  const id = newId("gru-fading");
  let preset = "fresh", current = { ...PRESETS.fresh[2] }, reached = current.num_steps;
  let values, cover, front, numbers, across, bottom, frame = null, later;

  addStyle("gru-fading", STYLE, el);
  const root = make("section", { class: "gru-fading", "aria-label": "A gradient fading backwards" });
  const presets = make("div", { class: "gru-buttons", role: "group", "aria-label": "Presets" });
  const note = make("p", { class: "gru-note" });
  const chart = make("div", { class: "gru-chart" });
  const send = make("button", { type: "button", class: "gru-send" }, "Send the gradient back");
  const travel = make("div");
  const status = make("div", { class: "gru-status", role: "status" });
  const sliders = make("div", { class: "gru-sliders" });
  const table = make("details", {}, make("summary", {}, "The numbers as a table"));
  root.append(presets, note, chart, make("div", { class: "gru-buttons" }, send), travel, status, sliders, table);

  for (const [name, [title]] of Object.entries(PRESETS)) {
    const button = make("button", { type: "button", "data-preset": name }, title);
    button.addEventListener("click", () => {
      preset = name;
      current = { ...PRESETS[name][2] };
      buildSliders();
      update();
    });
    presets.append(button);
  }

  /** A slider with its label and its value; `say` turns its number into words, `write` takes it. */
  function slider(key, label, value, [low, high, step], say, write) {
    const name = `${id}-${key}`;
    const input = make("input", { type: "range", id: name, min: low, max: high, step, "data-key": key });
    const out = make("span", { "aria-hidden": "true" });  // the slider itself says its value
    const tell = () => {
      out.textContent = say(Number(input.value));
      input.setAttribute("aria-valuetext", out.textContent);
    };
    input.value = value;
    tell();
    input.addEventListener("input", () => { tell(); write(Number(input.value)); });
    const words = label.map((text, i) => (i === 1 ? make("sub", {}, text) : text));
    return make("div", { class: "gru-row" }, make("label", { for: name }, ...words), out, input);
  }

  function buildSliders() {
    const focused = root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    sliders.replaceChildren(...Object.entries(SLIDERS).map(([key, [label, ...range]]) => {
      const of = (value) => (key === "scale" ? SCALES[value] : value);
      const at = key === "scale" ? SCALES.indexOf(current.scale) : current[key];
      return slider(key, label, at, range, (value) => signed(of(value)), (value) => {
        current[key] = of(value);
        preset = null;
        update();
      });
    }));
    if (focused) root.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  function buildTravel() {
    const say = (value) => `${value} of ${current.num_steps} steps back`;
    travel.replaceChildren(slider("reached", ["How far it has come"], reached, [0, current.num_steps, 1], say, (value) => {
      stop();
      reached = value;
      move();
    }));
  }

  /** Everything new: other layers, inputs or lengths. */
  function update() {
    stop();
    values = retained(current);
    reached = current.num_steps;
    for (const button of presets.children) button.setAttribute("aria-pressed", button.dataset.preset === preset);
    note.textContent = preset ? PRESETS[preset][1]
      : "Your own setting. Which of the three will keep most? Say it first, then send the gradient back.";
    buildTravel();
    draw();
    if (table.open) fillTable();
  }

  /** The gradient has come to another place: the picture's cover moves, and the numbers change. */
  function move() {
    if (cover) {
      const x = across(reached);
      cover.setAttribute("d", `M${across(current.num_steps).toFixed(1)} 18H${x.toFixed(1)}V${bottom}H${across(current.num_steps).toFixed(1)}Z`);
      for (const [name, value] of [["x1", x], ["x2", x]]) front.setAttribute(name, value.toFixed(1));
      for (const [cell, text] of Object.entries(numbers)) text.textContent = shown(values[cell][reached]);
    }
    const input = travel.querySelector("input");
    input.value = reached;
    input.previousElementSibling.textContent = `${reached} of ${current.num_steps} steps back`;
    input.setAttribute("aria-valuetext", input.previousElementSibling.textContent);
    clearTimeout(later);  // a voice should not read every step on the way
    if (frame === null) later = setTimeout(() => status.replaceChildren(...summary()), 250);
  }

  function summary() {
    const left = Object.keys(CELLS).map((cell) => `${cell} ${shown(values[cell][reached])}`).join(", ");
    const halves = Object.keys(CELLS).map((cell) => {
      const steps = half(values[cell]);
      return `${cell} ${steps === null ? `more than ${current.num_steps}` : steps} step${steps === 1 ? "" : "s"}`;
    }).join(", ");
    return [make("p", {}, `Retained ${reached} steps back: ${left}.`), make("p", {}, `At most half is retained after: ${halves}.`)];
  }

  function stop() {
    if (frame !== null) cancelAnimationFrame(frame);
    frame = null;
    send.textContent = "Send the gradient back";
  }

  send.addEventListener("click", () => {
    if (frame !== null) {
      stop();
      move();
      return;
    }
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches, each = Math.ceil(current.num_steps / 150);
    reached = still ? current.num_steps : 0;
    if (still) {
      move();
      return;
    }
    send.textContent = "Stop";
    const next = () => {
      reached = Math.min(current.num_steps, reached + each);
      if (reached === current.num_steps) stop();
      else frame = requestAnimationFrame(next);
      move();
    };
    frame = requestAnimationFrame(next);
    move();
  });

  function draw() {
    const width = chart.clientWidth, height = chart.clientHeight;
    if (!width || !height) return;  // not on the page yet: the observer draws
    const T = current.num_steps, left = 46, right = width - 14, cells = Object.entries(CELLS);
    across = (distance) => right - (right - left) * distance / T;
    const label = `What is retained of a gradient over ${T} steps in three layers; the text and the table below give numbers`;
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    const strip = 22, gap = 24, titles = [];
    numbers = {};
    let top = 18;
    for (const [cell, { colour }] of cells) {
      const cellTop = top;
      titles.push(make("text", { class: "gru-name", x: left, y: cellTop - 5 }, cell));
      numbers[cell] = make("text", { x: right, y: cellTop - 5, "text-anchor": "end", "data-number": cell });
      titles.push(numbers[cell]);
      for (let k = 1; k <= T; k++) {
        const opacity = Math.min(1, Math.max(0, 1 + Math.log10(Math.max(values[cell][k], 1e-300)) / 6));
        if (opacity > 0.004) {
          svg.append(make("path", { d: `M${across(k).toFixed(2)} ${cellTop}H${across(k - 1).toFixed(2)}V${cellTop + strip}H${across(k).toFixed(2)}Z`,
            fill: colour, "fill-opacity": opacity.toFixed(3), "shape-rendering": "crispEdges" }));
        }
      }
      titles.push(make("path", { class: "gru-frame", d: `M${left} ${cellTop}H${right}V${cellTop + strip}H${left}Z` }));
      top += strip + gap;
    }
    top += 4;
    const last = height - 36, least = Math.min(...cells.map(([cell]) => Math.log10(Math.max(values[cell][T], 1e-300))));
    const floor = Math.max(-60, 5 * Math.floor(Math.min(-1, least) / 5));
    const up = (value) => top + (last - top) * Math.min(1, Math.max(0, Math.log10(Math.max(value, 1e-300)) / floor));
    for (let exponent = 0; exponent >= floor; exponent += floor / 5) {
      const y = up(10 ** exponent);
      svg.append(make("line", { class: "gru-grid", x1: left, x2: right, y1: y, y2: y }));
      titles.push(make("text", { class: "gru-tick", x: left - 5, y: y + 4, "text-anchor": "end" },
        exponent ? `10${raised(exponent)}` : "1"));
    }
    for (const [cell, { colour, dash }] of cells) {
      const points = Array.from(values[cell], (value, k) => `${across(k).toFixed(1)} ${up(value).toFixed(1)}`);
      svg.append(make("path", { "data-curve": cell, d: `M${points.join("L")}`, fill: "none", stroke: colour, "stroke-width": 2.5,
        "stroke-dasharray": dash, "stroke-linejoin": "round" }));
    }
    bottom = last + 1;
    cover = make("path", { class: "gru-cover" });
    front = make("line", { class: "gru-front", y1: 18, y2: bottom });
    svg.append(cover, front, ...titles);
    for (let k = 0; k <= T; k += T / 5) {
      svg.append(make("text", { class: "gru-tick", x: across(k), y: last + 15, "text-anchor": k === 0 ? "end" : "middle" }, k));
    }
    svg.append(make("text", { class: "gru-tick", x: (left + right) / 2, y: last + 31, "text-anchor": "middle" },
      "← steps back from the loss, which is at the right"));
    chart.replaceChildren(svg);
    move();
  }

  const point = (event) => {
    const box = chart.getBoundingClientRect(), share = (box.width - 14 - (event.clientX - box.left)) / (box.width - 60);
    stop();
    reached = Math.min(current.num_steps, Math.max(0, Math.round(share * current.num_steps)));
    move();
  };
  chart.addEventListener("pointerdown", point);
  chart.addEventListener("pointermove", (event) => { if (event.buttons || event.pointerType === "touch") point(event); });

  function fillTable() {
    const rows = [1, 2, 5, 10, 20, 50, 100, 200].filter((k) => k < current.num_steps).concat(current.num_steps);
    const heads = ["steps back", ...Object.keys(CELLS)].map((text) => make("th", { scope: "col" }, text));
    const body = rows.map((k) => make("tr", {}, make("th", { scope: "row" }, String(k)),
      ...Object.keys(CELLS).map((cell) => make("td", {}, shown(values[cell][k])))));
    const whole = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...body));
    const box = make("div", { class: "gru-scroll", tabindex: "0", role: "region", "aria-label": "What is retained" }, whole);
    table.replaceChildren(table.firstChild, box);
  }

  table.addEventListener("toggle", () => { if (table.open) fillTable(); });
  const observer = typeof ResizeObserver === "function" ? new ResizeObserver(() => draw()) : null;
  observer?.observe(chart);
  buildSliders();
  update();
  clearTimeout(later);
  status.replaceChildren(...summary());  // at once, so that nothing moves later
  el.append(root);
  return () => { observer?.disconnect(); clearTimeout(later); stop(); };
}

export default { render };
