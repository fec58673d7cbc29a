"""When training stops: at the best epoch, found by validation (paper, section 2.1)."""

import numpy as np
from numpy.typing import NDArray


class EarlyStopping:
    """Stops each of several networks that are trained together, by its own validation accuracy.

    As Keras' callback of the same name: an epoch counts as better only if its accuracy is higher
    than all before; after `patience` epochs without a better one, training stops, and the weights
    of the best epoch are the result.

    Parameters
    ----------
    n_networks : int
        Networks trained together.
    patience : int
        Epochs without a better accuracy after which a network stops, at least 1.
    """

    def __init__(self, n_networks: int, patience: int) -> None:
        self._patience = patience
        self._best = np.full(n_networks, -np.inf)
        self._waited = np.zeros(n_networks, dtype=np.int64)
        self.running: NDArray[np.bool_] = np.ones(n_networks, dtype=np.bool_)
        self.epochs: NDArray[np.int64] = np.zeros(n_networks, dtype=np.int64)

    def update(self, accuracies: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Take the validation accuracies of one epoch.

        Parameters
        ----------
        accuracies : numpy.ndarray
            Shape (n_networks,); those of networks that have stopped are not looked at.

        Returns
        -------
        numpy.ndarray of bool
            Which networks are at their best now: their weights are the ones to keep.
        """
        better = self.running & (accuracies > self._best)
        self._best = np.where(better, accuracies, self._best)
        self._waited = np.where(better, 0, self._waited + 1)
        self.epochs = self.epochs + self.running
        self.running = self.running & (self._waited < self._patience)
        return better
