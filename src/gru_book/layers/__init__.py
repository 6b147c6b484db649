"""Recurrent layers, small and exact, forward and backward, in NumPy: `rnn`, `lstm`, `gru`, and what they share.

`weights` names the arrays, `passes` what all passes do. `history` draws the cells side by side, `initializers` has the
chrono bias. Two are Keras layers and import it: `ablated` (a GRU without one of its gates) and `min_gru`.
"""
