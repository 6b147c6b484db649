"""Scores and how sure they are.

`metrics`; `intervals` (Wilson, t, bootstrap); `paired` (McNemar, differences, Holm); `calibration`; `slices`;
`matching`.
"""
