"""A model as a file for elsewhere: arrays, browser, ONNX."""
