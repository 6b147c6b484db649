"""From the plain recurrent network to minGRU: a list of papers, and one small description for each cell (page 12).

`MILESTONES` is the timeline, `CELLS` says of what each cell is made; the page's figures and tables are drawn and
counted from these two. The cells themselves are written on the page, step by step.
"""

from typing import NamedTuple


class Milestone(NamedTuple):
    """One row of the timeline; ``source`` is the key of a work in the book's references."""

    year: int
    name: str
    change: str
    kind: str  # "cell", "training" or "study"
    source: str


MILESTONES = (
    Milestone(1990, "simple recurrent network", "the last state is an input too", "cell", "elman1990"),
    Milestone(1990, "backpropagation through time", "the chain rule over all steps", "training", "werbos1990"),
    Milestone(1991, "vanishing gradients", "analysed in a diploma thesis", "study", "hochreiter1991"),
    Milestone(1992, "time constants", "mix the new state with the old", "cell", "mozer1992"),
    Milestone(1994, "long gaps are hard", "safe storage, weak gradients", "study", "bengio1994"),
    Milestone(1997, "LSTM", "a cell state; two gates", "cell", "hochreiter1997"),
    Milestone(2000, "forget gate", "the LSTM can let go", "cell", "gers2000"),
    Milestone(2014, "GRU", "one state, two gates", "cell", "cho2014"),
    Milestone(2014, "GRU against LSTM", "compared; no clear winner", "study", "chung2014"),
    Milestone(2024, "minGRU", "gates that see inputs only", "cell", "feng2024"),
)


class Sketch(NamedTuple):
    """What a cell is made of: enough to draw it and to count it.

    Args:
        blocks: one letter for each block of weights, from left to right: the gates f, i, o, r, z and the candidate,
            "c" in an LSTM and "h" elsewhere, as in the names of the weights (``W_xz``, ``W_hz``, ``b_z``).
        keep: what multiplies the old state: a gate's letter, "1 - z", "1" for nothing at all; empty in a plain RNN,
            which replaces its state.
        write: the gate that multiplies the candidate.
        show: the gate through which an LSTM shows its cell state.
        inside: the gate that acts inside the candidate.
        sees_state: whether the blocks see the state before, through a matrix.
    """

    blocks: str
    keep: str = ""
    write: str = ""
    show: str = ""
    inside: str = ""
    sees_state: bool = True

    @property
    def gates(self) -> str:
        """The letters of the gates: all blocks but the candidate."""
        return self.blocks.replace("c", "").replace("h", "")

    @property
    def states(self) -> str:
        """The letters of the vectors that are handed from step to step."""
        return "hc" if "c" in self.blocks else "h"


CELLS = {
    "plain RNN": Sketch("h"),
    "LSTM, 1997": Sketch("ico", keep="1", write="i", show="o"),
    "LSTM, 2000": Sketch("fico", keep="f", write="i", show="o"),
    "GRU, 2014": Sketch("zrh", keep="1 - z", write="z", inside="r"),
    "minGRU, 2024": Sketch("zh", keep="1 - z", write="z", sees_state=False),
}


def count(sketch: Sketch, input_dim: int, units: int) -> dict[str, int]:
    """Count gates, states, weight blocks, parameters, and the multiplications of one step of one sequence.

    Multiplications are those by an entry of a matrix. "waiting" are those that need the state of the step before and
    therefore cannot begin earlier; the others can be done for all steps at once.
    """
    blocks = len(sketch.blocks)
    from_input = blocks * units * input_dim
    from_state = blocks * units * units if sketch.sees_state else 0
    return {
        "gates": len(sketch.gates),
        "states": len(sketch.states),
        "blocks": blocks,
        "parameters": from_input + from_state + blocks * units,
        "multiplications": from_input + from_state,
        "waiting": from_state,
    }
