"""Time of recurrent layers in Keras, PyTorch and ONNX Runtime: `.venv/bin/python benchmarks/layers.py [--quick]`.

One process for each shape, one thread, processor time, layers taking turns round by round: one case of the study
`layer_times`, measured anew and printed. Needs the extra `peers`. Ratios are to Keras's GRU, traced by `tf.function`.
"""

import argparse
import sys

import pandas as pd

from gru_book.errors import BookError
from gru_book.studies import layer_times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="small sizes, two rounds: only to see that it runs")
    parser.add_argument("--onednn", type=int, choices=(0, 1), default=1, help="TensorFlow's switch for oneDNN")
    options = parser.parse_args()
    tiny = [{"batch_size": 4, "num_steps": 20, "units": 8}]
    for shape in tiny if options.quick else [layer_times.ORIGINAL, layer_times.SMALL]:
        try:
            rounds = 2 if options.quick else options.rounds
            rows = layer_times.run_case("all", options.onednn, **shape, process=0, rounds=rounds)
        except BookError as error:
            sys.exit(str(error))
        table = pd.DataFrame(rows)
        print(f"batch {shape['batch_size']}, {shape['num_steps']} steps, {shape['units']} units and inputs:", end=" ")
        print(f"ratios to Keras's GRU (its time in ms), {rounds} rounds")
        for work, part in table.groupby("work", sort=False):
            base = part.loc[(part["layer"] == "GRU") & (part["program"] == "Keras"), "milliseconds"].item()
            ratios = part.pivot(index="layer", columns="program", values="ratio")
            ratios = ratios.reindex(index=part["layer"].unique(), columns=part["program"].unique())
            print(f"\n{work} ({base:.1f} ms)")
            print(ratios.round(2).fillna("").to_string())
        print()


if __name__ == "__main__":
    main()
