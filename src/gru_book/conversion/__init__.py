"""Weights of a GRU between papers and frameworks, exactly or not at all.

`canonical` holds them and knows each framework, `forms` is the table of all forms by name, `layers` makes a NumPy
layer of a Keras one, `reference` has recorded answers of PyTorch and ONNX.
"""
