"""Scores and how sure they are: intervals, paired tests, calibration, slices."""
