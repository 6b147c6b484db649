"""What TensorFlow's op determinism costs: `.venv/bin/python benchmarks/determinism.py [--rounds N]`.

A training step of the original's network with and without it. The switch cannot be taken back within a process, so
every measurement has a process of its own; the two take turns, and the table shows the ratio of each round.
"""

import argparse
import os
import subprocess
import sys

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

STEP = """
import sys, time
import keras, numpy as np, tensorflow as tf
from gru_book.gru_recipes import original_network

keras.utils.set_random_seed(0)
if sys.argv[1] == "on":
    tf.config.experimental.enable_op_determinism()
model = original_network()
model.compile("adam", "binary_crossentropy")
x = np.random.default_rng(0).integers(0, 10_000, (32, 500))
y = np.arange(32, dtype="float32") % 2
for _ in range(3):
    model.train_on_batch(x, y)
started = time.perf_counter()
for _ in range(20):
    model.train_on_batch(x, y)
print((time.perf_counter() - started) / 20)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = []
    for number in range(parser.parse_args().rounds):
        off, on = (
            float(subprocess.run([sys.executable, "-c", STEP, switch], capture_output=True, check=True).stdout)
            for switch in ("off", "on")
        )
        rounds.append(on / off)
        print(f"round {number}: without {off:.3f} s a step, with {on:.3f} s, ratio {on / off:.3f}", flush=True)
    print(f"median ratio {np.median(rounds):.3f}")


if __name__ == "__main__":
    main()
