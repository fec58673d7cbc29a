"""What is to be expected of the allowed configurations on the target, by all that is known of it.

What the surrogate says of a dataset like it, and what became of trials on the target itself.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.decision.listing import position_of
from metallmix_kedro.decision.target import Target
from metallmix_kedro.declared import configuration_columns, network
from metallmix_kedro.history import SCORE
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import ParameterError
from metallmix_kedro.surrogate import Outlook, Surrogate


@dataclass(frozen=True, slots=True)
class Prospects:
    """The configurations that may still be tried, n of them, and what is expected of them.

    Parameters
    ----------
    scored : pandas.DataFrame
        Configuration, meta-features, probes and what is expected after all: the columns of
        `Surrogate.predict`, and ``chance``, the probability of each to score above the
        configuration that is best on average (missing for itself and where it is not known). After
        trials on the target, ``gain`` and ``gain_chance``: by how much it is expected to raise the
        best of them, and how likely it does.
    average : Configuration or None
        The configuration that is best on average.
    """

    scored: pd.DataFrame
    average: Configuration | None


def prospects(
    target: Target,
    surrogate: Surrogate,
    scored: pd.DataFrame,
    tried: pd.DataFrame,
    average: Configuration | None,
) -> Prospects:
    """Put together what is to be expected of configurations on the target.

    Parameters
    ----------
    target : Target
    surrogate : Surrogate
    scored : pandas.DataFrame
        The configurations that may be tried, with the target's meta-features and probes and the
        surrogate's predictions.
    tried : pandas.DataFrame
        From `target.own_trials`, with the target's meta-features and probes; what was tried is not
        offered again.
    average : Configuration or None
        The one that is best on average.

    Raises
    ------
    ParameterError
        If everything was tried.
    """
    together = _with_tried(surrogate, scored, tried)
    outlook = surrogate.outlook(together, together["relative_score"])
    places = _places(together, tried)
    known = together
    if len(places):
        scores = surrogate.relative_score(tried[SCORE].to_numpy(dtype=np.float64), tried)
        outlook = outlook.after(places.tolist(), scores)
        best = int(places[np.argmax(scores)])
        known = known.assign(
            gain=outlook.expected_gain(best), gain_chance=outlook.chance_to_beat(best)
        )
    left = np.setdiff1d(np.arange(len(scored)), places)
    if not len(left):
        more = "recommendation.choose_among: space, search_space"
        more += ", recommendation.backbones" if network() else ""
        raise ParameterError(
            f"All {len(scored)} configurations that may be chosen were tried on the target "
            f"already. Allow more ({more}), or keep the best of them."
        )
    shown = known.assign(chance=_chances(outlook, together, average)).iloc[left]
    if len(places):
        after = pd.Series(outlook.mean[left], index=shown.index)
        after_all = target.predict(surrogate, shown, after)
        shown = shown.drop(columns=after_all.columns).join(after_all)
    return Prospects(scored=shown, average=average)


def _with_tried(surrogate: Surrogate, scored: pd.DataFrame, tried: pd.DataFrame) -> pd.DataFrame:
    """Add the configurations that were tried though they may not be chosen."""
    names = list(configuration_columns())
    beyond = tried.merge(scored[names], on=names, how="left", indicator=True)
    beyond = beyond[beyond.pop("_merge") == "left_only"].drop_duplicates(names)
    if beyond.empty:
        return scored
    predicted = beyond.drop(columns=SCORE).join(surrogate.predict(beyond))
    return pd.concat([scored, predicted], ignore_index=True)


def _places(together: pd.DataFrame, tried: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return where the configurations that were tried stand."""
    names = list(configuration_columns())
    numbered = together[names].assign(place=np.arange(len(together)))
    found = tried[names].merge(numbered, on=names, how="left")
    return found["place"].to_numpy(dtype=np.int64)


def _chances(
    outlook: Outlook, together: pd.DataFrame, average: Configuration | None
) -> npt.NDArray[np.float64]:
    unknown = np.full(len(together), np.nan)
    if average is None:
        return unknown
    reference = position_of(together, average.as_dict())
    if reference is None:
        return unknown
    chances = outlook.chance_to_beat(reference)
    chances[reference] = np.nan
    return chances
