"""What a layer does, fresh or trained: gradients, attribution, traces, padding."""
