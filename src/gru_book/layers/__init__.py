"""Recurrent layers, small and exact, forward and backward, in NumPy: `rnn`, `lstm`, `gru`, and what they share.

`weights` names the arrays, `activations` the sigmoid, `passes` what all passes do. `history` describes the cells since
1990, `initializers` has the chrono bias. Two hold Keras layers and import it: `ablated` (a GRU without one of its
gates, the layers that are compared, their sizes for equally many parameters) and `min_gru`.
"""
