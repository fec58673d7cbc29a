"""The order in which examples are trained on, the same for every device and way of computing."""

from collections.abc import Iterator

import numpy as np

from metallmix_kedro.training.inputs.splits import Indices


def batches(rows: Indices, batch_size: int, seed: int, epoch: int) -> Iterator[Indices]:
    """Shuffle rows and cut them into batches.

    The order depends on nothing but the arguments. It is not left to Keras, whose order differs
    between its backends, and whose heads trained together could not see that of one by one.

    Parameters
    ----------
    rows : numpy.ndarray of int
        Rows to train on.
    batch_size : int
        Rows in a batch; the last one may be smaller.
    seed, epoch : int
        Seed of the order, and which epoch it is, counted from 0.

    Yields
    ------
    numpy.ndarray of int
        The rows of one batch.
    """
    shuffled = np.random.default_rng([seed, epoch]).permutation(rows)
    for start in range(0, len(shuffled), batch_size):
        yield shuffled[start : start + batch_size]
