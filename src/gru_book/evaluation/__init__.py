"""Scores and how sure they are.

`metrics`; `intervals` (Wilson, t, bootstrap); `blocks` (one set of resamples for many numbers); `paired` (McNemar,
differences, Holm); `calibration`; `slices`; `matching`.
"""
