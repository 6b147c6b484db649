"""What a layer does, fresh or trained.

`gradients`: how far they reach. `attribution`: which words an answer rests on. `traces`: gates and states over many
texts. `padding`: what pads do to a state. `probes`: what a line can read out. `imitation`: one cell fitted to another.
"""
