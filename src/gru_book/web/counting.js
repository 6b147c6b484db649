/** One unit of an LSTM and one of a GRU count letters: press or type a and b, and see both states move. */

const LONGEST = 300;  // letters
const ALL_DECIMALS = 17;  // a place on the slider: the state is not rounded
const OPEN = 40, FULL = 20;  // pre-activations at which a sigmoid, or a tanh, is 1
const CELLS = {  // with the book's colours
  lstm: { title: "LSTM: cell state c", colour: "#d55e00" },
  gru: { title: "GRU: hidden state h", colour: "#0072b2" },
};
const WAYS = {
  average: "by averaging with 1 and −1",
  halve: "by halving and doubling",
};

/** What is asked: letters, the GRU's way, its update gate when it averages, and the decimals that its state keeps. */
export const FIRST = { letters: "aaaaabbbbb", way: "average", z: 0.1, decimals: ALL_DECIMALS };

/** Keep the letters a and b of a text, and no more than fit. */
export function lettersOf(text) {
  return [...text.toLowerCase()].filter((letter) => letter === "a" || letter === "b").slice(0, LONGEST).join("");
}

/** Return the cell state of an LSTM unit with all gates open after each letter: tanh(±20) is added. */
export function lstmStates({ letters }) {
  let c = 0;
  return Float64Array.from(letters, (letter) => {
    const gate = sigmoid(OPEN), candidate = Math.tanh(letter === "a" ? FULL : -FULL);
    return (c = gate * c + gate * candidate);
  });
}

/** Return weights of one GRU unit, as Keras has them (its z weighs the old state), and the state that it starts from. */
export function gruUnit({ way, z }) {
  const averages = way === "average";
  const kernel = averages ? [0, 0, FULL, 0, 0, -FULL] : [0, -OPEN, 0, 0, OPEN, 0];  // a, b: z, r, candidate
  const recurrent_kernel = [0, 0, averages ? 0 : 3];
  const bias = [averages ? Math.log((1 - z) / z) : 0, 0, 0, 0, 0, 0];
  return { weights: { input_dim: 2, units: 1, kernel, recurrent_kernel, bias }, start: averages ? 0 : 1 / 16 };
}

/** Return the GRU unit's state after each letter, each rounded to the decimals of the setting. */
export function gruStates(setting) {
  const { weights, start } = gruUnit(setting), scale = 10 ** setting.decimals;
  let h = start;
  return Float64Array.from(setting.letters, (letter) => {
    h = forward(weights, letter === "a" ? [1, 0] : [0, 1], [h]).hidden_state[0];
    if (setting.decimals < ALL_DECIMALS) h = Math.round(h * scale) / scale;
    return h;
  });
}

/** Say after each letter whether the state is back at its start, to within half a step, at a b. */
export function saysEnd(setting) {
  const c = lstmStates(setting), h = gruStates(setting), half = Math.tanh(1) / 2;
  const { start } = gruUnit(setting);
  const back = setting.way === "average" ? (state) => state < setting.z / 2 : (state) => state > start * Math.SQRT1_2;
  const isB = [...setting.letters].map((letter) => letter === "b");
  return { lstm: isB.map((b, t) => b && Math.tanh(c[t]) < half), gru: isB.map((b, t) => b && back(h[t])) };
}

/** Write a number with a real minus sign, as short as its size allows. */
function shown(value, digits = 4) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size < 1e-3 ? value.toExponential(1) : String(Number(value.toFixed(digits)));
  return text.replaceAll("-", "−");
}

const STYLE = sharedStyle("gru-counting") + `
.gru-counting .gru-keys { display: flex; flex-wrap: wrap; gap: 0.35rem; }
.gru-counting button { padding: 0.25rem 0.9rem; min-height: 2.2rem; }
.gru-counting .gru-controls { display: grid; gap: 0.3rem 1rem; margin-top: 0.5rem;
  grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); }
.gru-counting .gru-row { display: grid; grid-template-columns: 1fr auto; align-items: baseline; }
.gru-counting .gru-row label { color: var(--gru-text); margin: 0; }
.gru-counting .gru-row span { font-variant-numeric: tabular-nums; }
.gru-counting .gru-row input, .gru-counting .gru-row select { grid-column: 1 / -1; width: 100%; margin: 0;
  min-height: 1.9rem; accent-color: var(--gru-accent); }
.gru-counting select, .gru-counting input[type="text"] { font: inherit; color: var(--gru-text);
  background: var(--gru-surface); border: 1px solid var(--gru-muted); border-radius: 0.35rem;
  padding: 0.15rem 0.3rem; }
.gru-counting .gru-chart { height: 20rem; min-width: 0; margin-top: 0.5rem; }
.gru-counting .gru-status { min-height: 6.4em; }
@media (max-width: 699px) { .gru-counting { padding: 0.5rem; }
  .gru-counting .gru-status { min-height: 8.6em; } }
`;

function render({ el }) {
  const id = newId("gru-counting");
  let current = { ...FIRST };
  let states, ends, later;

  addStyle("gru-counting", STYLE, el);
  const root = make("section", { class: "gru-counting", "aria-label": "Counting with one unit" });
  const keys = make("div", { class: "gru-keys", role: "group", "aria-label": "Letters to read" });
  const chart = make("div", { class: "gru-chart" });
  const status = make("div", { class: "gru-status", role: "status" });
  const controls = make("div", { class: "gru-controls" });
  const table = make("details", {}, make("summary", {}, "All numbers as a table"));
  root.append(keys, chart, status, controls, table);

  const presses = { a: (text) => `${text}a`, b: (text) => `${text}b`, "10 a": (text) => text + "a".repeat(10),
    "10 b": (text) => text + "b".repeat(10), "take back": (text) => text.slice(0, -1), clear: () => "" };
  for (const [name, change] of Object.entries(presses)) {
    const button = make("button", { type: "button" }, name);
    button.addEventListener("click", () => {
      current.letters = lettersOf(change(current.letters));
      typed.value = current.letters;
      update();
    });
    keys.append(button);
  }

  function row(label, control, out = "") {
    control.id = `${id}-${controls.children.length}`;
    const made = make("div", { class: "gru-row" }, make("label", { for: control.id }, label), out, control);
    controls.append(made);
    return made;
  }

  const typed = make("input", { type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "none" });
  typed.value = current.letters;
  typed.addEventListener("input", () => {
    current.letters = lettersOf(typed.value);
    if (typed.value !== current.letters) typed.value = current.letters;
    update();
  });
  row("Type a and b", typed, make("span"));

  const way = make("select");
  for (const [name, text] of Object.entries(WAYS)) way.append(make("option", { value: name }, text));
  way.addEventListener("change", () => { current.way = way.value; update(); });
  row("How the GRU counts", way, make("span"));

  /** A slider with its value beside its label; `say` writes the value in words. */
  function slider(label, name, low, high, step, say) {
    const input = make("input", { type: "range", min: low, max: high, step });
    input.value = current[name];
    const out = make("span", { "aria-hidden": "true" });  // the slider itself says its value
    const tell = () => {
      out.textContent = say(Number(input.value));
      input.setAttribute("aria-valuetext", out.textContent);
    };
    tell();
    input.addEventListener("input", () => { current[name] = Number(input.value); tell(); update(); });
    return row(label, input, out);
  }
  const gate = slider("Update gate z when it averages", "z", 0.01, 0.5, 0.01, (z) => z.toFixed(2));
  slider("Decimals that the GRU's state keeps", "decimals", 2, ALL_DECIMALS, 1,
    (n) => (n === ALL_DECIMALS ? "all" : String(n)));

  function update() {
    states = { lstm: lstmStates(current), gru: gruStates(current) };
    ends = saysEnd(current);
    gate.querySelector("input").disabled = current.way !== "average";
    draw();
    if (table.open) fillTable();
    clearTimeout(later);  // a voice should not read every letter of a fast hand
    later = setTimeout(tell, 250);
  }

  function tell() {
    status.replaceChildren(...summary().map((sentence) => make("p", {}, sentence)));
  }

  function summary() {
    const letters = current.letters, as = letters.split("a").length - 1, bs = letters.length - as;
    if (!letters) return ["No letter yet. Press a."];
    const last = letters.length - 1;
    const before = last ? states.gru[last - 1] : gruUnit(current).start;
    const more = as === bs ? "as many of one as of the other" : `${Math.abs(as - bs)} more ${as > bs ? "a's" : "b's"}`;
    const firstEnd = (cell) => (ends[cell].includes(true) ? `first said “end” at letter ${ends[cell].indexOf(true) + 1}`
      : "has not said “end”");
    return [`${as} a's and ${bs} b's, ${more}.`,
      `LSTM: c = ${shown(states.lstm[last])}, ${firstEnd("lstm")}.`,
      `GRU: h = ${shown(states.gru[last])}, ${firstEnd("gru")}. `
        + `The last letter moved h by ${shown(Math.abs(states.gru[last] - before))}.`];
  }

  function draw() {
    const width = chart.clientWidth, height = chart.clientHeight;
    if (!width || !height) return;  // not on the page yet: the observer draws
    const steps = Math.max(10, current.letters.length), left = 52, right = width - 14;
    const across = (t) => left + (right - left) * t / steps;
    const label = "The states of both units after each letter; the text and the table below give numbers";
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    const tall = (height - 70) / 2;
    Object.entries(CELLS).forEach(([cell, { title, colour }], p) => {
      const top = 20 + p * (tall + 26), bottom = top + tall;
      const { start } = cell === "gru" ? gruUnit(current) : { start: 0 };
      const values = [start, ...states[cell]];
      const { low, high, ticks, place, write } = axisOf(cell, values);
      const up = (value) => bottom - tall * (place(value) - low) / (high - low);
      svg.append(make("text", { x: left, y: top - 7 }, title));
      for (const value of ticks) {
        svg.append(make("line", { class: "gru-grid", x1: left, x2: right, y1: up(value), y2: up(value) }));
        svg.append(make("text", { class: "gru-tick", x: left - 6, y: up(value) + 4, "text-anchor": "end" }, write(value)));
      }
      const points = values.map((value, t) => [across(t), up(value)]);
      svg.append(make("path", { "data-curve": cell, fill: "none", stroke: colour, "stroke-width": 2,
        d: `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}` }));
      const [x, y] = points.at(-1);
      svg.append(make("circle", { cx: x, cy: y, r: 4.5, fill: colour }));
    });
    const room = (right - left) / steps;
    if (room >= 9) {
      [...current.letters].forEach((letter, t) => svg.append(
        make("text", { class: "gru-tick", x: across(t + 1), y: height - 6, "text-anchor": "middle" }, letter)));
    } else {
      svg.append(make("text", { class: "gru-tick", x: right, y: height - 6, "text-anchor": "end" },
        `${current.letters.length} letters`));
    }
    chart.replaceChildren(svg);
  }

  /** Return the ends of an axis, the values at which it has a line, and how a value is placed and written. */
  function axisOf(cell, values) {
    if (cell === "lstm") {
      const high = Math.max(5, ...values), low = Math.min(0, ...values);
      return { low, high, ticks: [...new Set([low, 0, high])], place: (v) => v, write: (v) => shown(v, 0) };
    }
    if (current.way === "average") {
      const low = Math.min(0, ...values) < 0 ? -1 : 0;
      return { low, high: 1, ticks: low ? [-1, 0, 1] : [0, 0.5, 1], place: (v) => v, write: (v) => shown(v, 1) };
    }
    const least = Math.min(1e-2, ...values.filter((v) => v > 0));
    const low = Math.floor(Math.log10(least)), every = Math.max(1, Math.ceil(-low / 4));
    const powers = Array.from({ length: Math.floor(-low / every) + 1 }, (_, i) => -i * every);
    return { low: low - 0.3, high: 0, ticks: powers.map((power) => 10 ** power),
      place: (v) => (v > 0 ? Math.log10(v) : low - 0.3), write: (v) => (v === 1 ? "1" : v.toExponential(0).replace("-", "−")) };
  }

  function fillTable() {
    const heads = ["step", "letter", "LSTM c", "GRU h", "LSTM says end", "GRU says end"];
    const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
    const rows = [...current.letters].map((letter, t) => make("tr", {}, make("th", { scope: "row" }, String(t + 1)),
      ...[letter, shown(states.lstm[t]), shown(states.gru[t], 6), ends.lstm[t] ? "yes" : "no", ends.gru[t] ? "yes" : "no"]
        .map((text) => make("td", {}, text))));
    const whole = make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
    const box = make("div", { class: "gru-scroll", tabindex: "0", role: "region", "aria-label": "All numbers" }, whole);
    table.replaceChildren(table.firstChild, box);
  }

  table.addEventListener("toggle", () => { if (table.open) fillTable(); });
  const observer = typeof ResizeObserver === "function" ? new ResizeObserver(() => draw()) : null;
  observer?.observe(chart);
  update();
  clearTimeout(later);
  tell();  // at once, so that nothing moves later
  el.append(root);
  return () => { observer?.disconnect(); clearTimeout(later); };
}

export default { render };
