"""A model as a file for elsewhere: `arrays` (npz), `web` (the browser), `onnx`; `explorable` says
which Keras models the browser can read."""
