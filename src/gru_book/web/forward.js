/**
 * The forward pass of a GRU as Keras computes it (reset_after=True), for everything that runs in the reader's browser.
 *
 * No imports and no document: the same text works on the site, in a worker, in JupyterLab and in the tests.
 */

/** 1 / (1 + exp(-a)) without overflow: only exp(-|a|), between 0 and 1, is ever computed. */
export function sigmoid(a) {
  const e = Math.exp(-Math.abs(a));
  return (a >= 0 ? 1 : e) / (1 + e);
}

/** Return nested or typed arrays as one flat Float64Array or Float32Array; throw where their size is not `size`. */
function flat(name, array, size) {
  let values = array;
  if (Array.isArray(values)) values = Float64Array.from(values.flat(Infinity));
  if (!ArrayBuffer.isView(values) || values.length !== size) {
    throw new RangeError(`${name} has ${values?.length} numbers; expected ${size}`);
  }
  return values;
}

/**
 * Run a GRU over one sequence.
 *
 * weights: { input_dim, units, kernel, recurrent_kernel, bias }, the arrays as `layer.get_weights()` has them, flat in
 *   row order or nested: kernel (input_dim, 3 units), recurrent_kernel (units, 3 units), bias (2, 3 units), each with
 *   blocks in the order update gate, reset gate, candidate.
 * inputs: (num_steps, input_dim), flat or nested.
 * initialState: (units); zeros when it is not given.
 *
 * Returns { num_steps, units, update_gate, reset_gate, candidate_state, hidden_state }, each array a Float64Array of
 * (num_steps, units) in row order. The update gate is Keras's, which weighs the OLD state; see `bookGates`.
 */
export function forward(weights, inputs, initialState) {
  const d = weights.input_dim, u = weights.units, width = 3 * u;
  const kernel = flat("kernel", weights.kernel, d * width);
  const recurrent = flat("recurrent_kernel", weights.recurrent_kernel, u * width);
  const bias = flat("bias", weights.bias, 2 * width);
  const given = Array.isArray(inputs) ? inputs.flat(Infinity) : inputs;
  const num_steps = Math.floor(given.length / d);
  const x = flat("inputs", given, num_steps * d);
  let h = new Float64Array(u);
  if (initialState) h.set(flat("initialState", initialState, u));

  const update_gate = new Float64Array(num_steps * u), reset_gate = new Float64Array(num_steps * u);
  const candidate_state = new Float64Array(num_steps * u), hidden_state = new Float64Array(num_steps * u);
  const fromInput = new Float64Array(width), fromState = new Float64Array(width);
  for (let t = 0; t < num_steps; t++) {
    for (let j = 0; j < width; j++) {
      fromInput[j] = bias[j];
      fromState[j] = bias[width + j];
    }
    for (let i = 0; i < d; i++) {
      const value = x[t * d + i];
      for (let j = 0, k = i * width; j < width; j++, k++) fromInput[j] += value * kernel[k];
    }
    for (let i = 0; i < u; i++) {
      const value = h[i];
      for (let j = 0, k = i * width; j < width; j++, k++) fromState[j] += value * recurrent[k];
    }
    const next = hidden_state.subarray(t * u, (t + 1) * u);
    for (let i = 0; i < u; i++) {
      const z = sigmoid(fromInput[i] + fromState[i]);
      const r = sigmoid(fromInput[u + i] + fromState[u + i]);
      const candidate = Math.tanh(fromInput[2 * u + i] + r * fromState[2 * u + i]);
      next[i] = z * h[i] + (1 - z) * candidate;
      update_gate[t * u + i] = z;
      reset_gate[t * u + i] = r;
      candidate_state[t * u + i] = candidate;
    }
    h = next;
  }
  return { num_steps, units: u, update_gate, reset_gate, candidate_state, hidden_state };
}

/** Return the states of `forward` in the book's convention: its update gate weighs the NEW state, z = 1 - z of Keras. */
export function bookGates(states) {
  return { ...states, update_gate: states.update_gate.map((z) => 1 - z) };
}
