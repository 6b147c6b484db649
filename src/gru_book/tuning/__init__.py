"""Search for hyperparameters, by one process or by a chief and workers. README.md has the map."""
