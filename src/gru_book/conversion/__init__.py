"""Weights of a GRU between papers and frameworks."""
