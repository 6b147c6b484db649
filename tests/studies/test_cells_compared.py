"""The study of the cells compared: equal sizes, fair halves, equal starts."""

import numpy as np

from gru_book.data.parts import Split
from gru_book.data.split import VALIDATION_BLOCKS
from gru_book.layers import ablated
from gru_book.layers.ablated import LAYERS
from gru_book.studies import cells_compared


def test_the_arms_of_the_study_have_equal_parameters_within_a_percent():
    units, dim = cells_compared.units_of(), cells_compared.EMBEDDING_DIM
    assert units == ablated.best_size(LAYERS, "GRU", dim, range(26, 41))
    counts = [ablated.num_parameters(LAYERS[arm], u, dim) for arm, u in units.items()]
    assert max(counts) / min(counts) < 1.02
    assert all(abs(count / counts[list(units).index("GRU")] - 1) < 0.01 for count in counts)


def test_halves_are_disjoint_balanced_and_cut_every_block_in_its_middle():
    shared, others = (end - start for start, end in VALIDATION_BLOCKS[0])
    labels = np.repeat([0, 1], [100, 100])
    part = Split([str(row) for row in range(200)], labels)
    first, second = ([int(text) for text in half.texts] for half in cells_compared.halves(part))
    cut = round(100 * shared / (shared + others))
    assert first == [*range(cut // 2), *range(cut, cut + (100 - cut) // 2), *range(100, 150)]
    assert sorted(first + second) == list(range(200))


def test_arms_of_one_seed_share_the_embedding_and_other_seeds_do_not():
    units = cells_compared.units_of()

    def embedding(arm, seed):
        return cells_compared.network(LAYERS[arm], units[arm], seed, jit_compile=False).get_weights()[0]

    assert np.array_equal(embedding("RNN", 3), embedding("GRU", 3))
    assert np.array_equal(embedding("RNN", 3), embedding("minGRU", 3))
    assert not np.array_equal(embedding("RNN", 3), embedding("GRU", 4))


def test_a_run_starts_from_the_start_again():
    trainer = cells_compared.Trainer(LAYERS["GRU"], 3, train_rows=64, half_rows=40, jit_compile=False)
    runs = []
    for _ in range(2):
        rows = trainer.train(1, 0.01, epochs=2)
        runs.append([{name: value for name, value in row.items() if name != "seconds"} for row in rows])
    assert runs[0] == runs[1]
    assert [row["epoch"] for row in runs[0]] == [1, 2]
    assert cells_compared.best_epoch(runs[0]) in runs[0]
