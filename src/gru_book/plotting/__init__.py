"""Figures: `style` has colours and defaults, `diagrams` arrows, `scores` ROC curves and calibration.

Every other file has the figures of one page and its name: `imdb_gru` those of ``33_imdb_gru``.
"""
