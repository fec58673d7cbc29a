"""How a dataset may differ from what is expected of it.

The differences are not independent: on one dataset all of a backbone's trials are better than
elsewhere, on another every high learning rate fails. So the difference is taken as a sum of random
effects, one of each value of each hyperparameter and one of the very configuration, drawn anew for
each dataset: variance components, as in a mixed model (Searle, Casella and McCulloch, "Variance
components", 1992).
"""

from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history import with_all_images
from metallmix_kedro.surrogate.uncertainty.scales import own_or_all

FloatArray = npt.NDArray[np.float64]
Variance = Annotated[float, Field(ge=0)]

MOST_PER_DATASET = 60
"""Trials of one dataset whose pairs are compared."""


class Spread(BaseModel):
    """Variances of relative scores about what is expected, over datasets.

    Parameters
    ----------
    shared : dict of str to float
        Hyperparameter -> the part that configurations with the same value of it have in common.
    own : float
        The part of each configuration alone, with the luck of its trial.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shared: dict[str, Variance]
    own: Variance

    @classmethod
    def fit(cls, trials: pd.DataFrame) -> "Spread":
        """Estimate the variances: non-negative least squares on the products of pairs of trials.

        Parameters
        ----------
        trials : pandas.DataFrame
            Rows of a history with ``relative_score``; those trained on all images of a dataset
            count. A trial's difference is taken from the mean of its configuration on the other
            datasets; one tried on a single dataset differs from the mean of all trials.
        """
        from scipy.optimize import nnls  # only here: predicting needs none of it

        names = list(configuration_columns())
        trials = with_all_images(own_or_all(trials[trials["relative_score"].notna()]))
        pairs = pd.concat(
            _pairs(part.iloc[:: -(-len(part) // MOST_PER_DATASET)], names)
            for _, part in trials.assign(left=_differences(trials)).groupby(
                "dataset", observed=True
            )
        )
        alike = pairs.groupby([*names, "itself"])[["weight", "product"]].sum().reset_index()
        root = np.sqrt(alike["weight"].to_numpy())
        design = alike[[*names, "itself"]].to_numpy(dtype=np.float64)
        *shared, own = nnls(design * root[:, None], alike["product"].to_numpy() / root)[0].tolist()
        return cls(shared=dict(zip(names, shared, strict=True)), own=own)

    def loadings(self, frame: pd.DataFrame) -> FloatArray:
        """Return a row for each random effect: its standard deviation where a configuration has it.

        Parameters
        ----------
        frame : pandas.DataFrame
            Configurations, n rows. A value that is missing shares nothing.

        Returns
        -------
        ndarray
            Shape (effects, n); the products of its columns are the covariances.
        """
        blocks = [
            np.sqrt(variance) * pd.get_dummies(frame[name], dtype=float).to_numpy().T
            for name, variance in self.shared.items()
            if variance > 0
        ]
        return np.vstack(blocks) if blocks else np.zeros((0, len(frame)))


def _differences(trials: pd.DataFrame) -> FloatArray:
    """Return how far trials are from the mean of their configuration on the other datasets."""
    score = trials["relative_score"].astype("float64")
    same = score.groupby(
        [trials[name] for name in configuration_columns()], dropna=False, observed=True
    )
    others = same.transform("size") - 1
    means = (same.transform("sum") - score) / others.where(others > 0)
    return (score - means.fillna(score.mean())).to_numpy()


def _pairs(part: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return all pairs of one dataset's trials: what they share, and the product of the two."""
    first, second = np.triu_indices(len(part))
    codes = {name: part[name].astype("category").cat.codes.to_numpy() for name in names}
    left = part["left"].to_numpy()
    return pd.DataFrame(
        {
            **{
                name: (one[first] == one[second]) & (one[first] >= 0) for name, one in codes.items()
            },
            "itself": first == second,
            "weight": 1 / len(first),
            "product": left[first] * left[second] / len(first),
        }
    )
