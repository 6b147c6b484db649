"""Recurrent layers, small and exact. All in NumPy, but for `ablated` and `min_gru`, which are Keras layers."""
