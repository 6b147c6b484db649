"""Clocks: `layers` beside each other, `fits` of recipes, `peers` (PyTorch, ONNX Runtime)."""
