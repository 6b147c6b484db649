"""Helpers of the book 'Gated Recurrent Units'. Importing this package loads nothing heavy.

Rooms, from a sequence to a site; the first lines of each say what is in its files:

- `tasks`, `data`: sequences made by code, and the movie reviews. `layers`: RNN, LSTM and GRU in NumPy.
  `conversion`: their weights between frameworks. `models`: classifiers of texts. `training`, `tuning`, `export`.
- `evaluation`, `analysis`, `timing`: how good, why, how fast. `studies`: the long comparisons.
- `notebook`, `plotting`, `web`: what pages say, draw and do. `pipeline`, `site`: how pages are executed and published.

Doors: `recipes` (fit, load) and `cli` (the command `gru-book`). Rules of all rooms: `allowed` (values of parameters and
settings), `errors`, `files` (nothing lost), `progress`, `environment` (what decides how numbers are rounded).
"""

__version__ = "0.1.0"
