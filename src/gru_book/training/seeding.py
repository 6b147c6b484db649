"""One seed for every source of chance."""

import keras


def set_seed(seed: int) -> None:
    """Fix every source of chance (Python, NumPy, TensorFlow and its kernels) and quiet TensorFlow's advice.

    With it two runs on a CPU give bit-identical weights, whatever the number of threads.
    """
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    tf.get_logger().setLevel("ERROR")  # its warnings hold object addresses, which differ from run to run
