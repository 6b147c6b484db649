"""Word vectors do not depend on how many threads BLAS has."""

import os
import subprocess
import sys

import pytest

from gru_book import environment

CODE = """
import hashlib, numpy as np
from threadpoolctl import threadpool_info
from gru_book.models import word_vectors as module
rng = np.random.default_rng(0)
texts = [rng.zipf(1.3, 60).clip(3, 1999) for _ in range(1500)]
if {bare}:
    import contextlib
    module.threadpool_limits = lambda _: contextlib.nullcontext()
found = module.word_vectors(texts, 2000, 64, 0.5)
blas = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
print(max(blas), hashlib.sha256(found.tobytes()).hexdigest())
"""


def vectors(threads: int, bare: bool = False) -> list[str]:
    """Return the number of threads of BLAS and the hash of word vectors, computed in a process of its own."""
    variables = {name: str(threads) for name in environment.VARIABLES if name.endswith("NUM_THREADS")}
    code = CODE.format(bare=bare)
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core has one thread")
def test_word_vectors_are_the_same_on_one_thread_and_on_two():
    one, two = vectors(1), vectors(2)
    assert (one[0], two[0]) == ("1", "2")  # the variables were heard
    assert one[1] == two[1]
    assert vectors(2, bare=True)[1] != two[1]  # the sizes are large enough to tell
