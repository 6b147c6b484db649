"""A model as a file for elsewhere: `arrays` (npz), `web` (the browser), `onnx`."""
