"""Can a GRU of one form compute what a GRU of another form computes? Search for weights that do.

The two forms differ in where the reset gate acts: after the projection of the state (`reset_after`) or before it. A
network is a vector of all its weights, so that many can be fitted at once. NumPy only.
"""

import numpy as np

from gru_book.layers.activations import sigmoid


def num_weights(input_dim: int, units: int) -> int:
    """Return the length of a network's vector: three blocks of two matrices and one bias."""
    return 3 * (units * input_dim + units**2 + units)


def gru_step_of_vector(p: np.ndarray, x: np.ndarray, h: np.ndarray, reset_after: bool) -> np.ndarray:
    """Take one step of many networks on many points.

    Args:
        p: the networks, (..., num_weights): W, U and b of the reset gate, of the update gate (which weighs the new
            state) and of the candidate, each flattened.
        x: inputs, (points, input_dim), or with the leading axes of `p`.
        h: old states, (points, units), or with the leading axes of `p`.
        reset_after: whether the reset gate acts after the projection.

    Returns:
        New states, (..., points, units).
    """
    d, u = x.shape[-1], h.shape[-1]
    blocks = []
    for block in np.split(p, 3, axis=-1):
        W, U, b = np.split(block, [u * d, u * d + u * u], axis=-1)
        W, U = W.reshape(*p.shape[:-1], u, d), U.reshape(*p.shape[:-1], u, u)
        blocks.append((W.swapaxes(-1, -2), U.swapaxes(-1, -2), b[..., None, :]))
    (W_r, U_r, b_r), (W_z, U_z, b_z), (W, U, b) = blocks
    r, z = sigmoid(x @ W_r + h @ U_r + b_r), sigmoid(x @ W_z + h @ U_z + b_z)
    past = r * (h @ U) if reset_after else (r * h) @ U
    return (1 - z) * h + z * np.tanh(x @ W + past + b)


def fit_step(
    starts: np.ndarray, x: np.ndarray, h: np.ndarray, wanted: np.ndarray, reset_after: bool, iterations: int = 200
) -> tuple[np.ndarray, np.ndarray]:
    """Fit networks of one form to wanted new states: nonlinear least squares by Levenberg and Marquardt's method.

    All fits run side by side, each with its own damping, which shrinks after a step that helped and grows after one
    that did not (and is then not taken). Derivatives are forward differences.

    Args:
        starts: where each fit starts, (fits, num_weights).
        x: inputs, (points, input_dim), or (fits, points, input_dim).
        h: old states, (points, units), or (fits, points, units).
        wanted: new states, (points, units), or (fits, points, units).
        reset_after: the form of the networks that are fitted.
        iterations: steps tried.

    Returns:
        The fitted networks, (fits, num_weights), and the root of their mean squared error, (fits,).
    """
    fits, n = starts.shape
    nudge = 1e-7

    def residuals(p):
        return (gru_step_of_vector(p, x, h, reset_after) - wanted).reshape(*p.shape[:-1], -1)

    p, damping = starts.copy(), np.full(fits, 1e-2)
    error = residuals(p)
    for _ in range(iterations):
        slopes = residuals(p + nudge * np.eye(n)[:, None])  # (num_weights, fits, values)
        J = ((slopes - error) / nudge).transpose(1, 2, 0)  # (fits, values, num_weights)
        curvature = J.swapaxes(1, 2) @ J + damping[:, None, None] * np.eye(n)
        down = (J.swapaxes(1, 2) @ error[..., None])[..., 0]
        tried = p - np.linalg.solve(curvature, down[..., None])[..., 0]
        new = residuals(tried)
        better = (new**2).sum(1) < (error**2).sum(1)
        p, error = np.where(better[:, None], tried, p), np.where(better[:, None], new, error)
        damping = np.clip(np.where(better, damping / 5, damping * 3), 1e-12, 1e6)
    return p, np.sqrt((error**2).mean(1))
