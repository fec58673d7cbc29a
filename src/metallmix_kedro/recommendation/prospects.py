"""What is to be expected of the allowed configurations on the target, by all that is known of it.

Three things may be known: what the surrogate says of a dataset like it, that it is unlike any
dataset of the history, and what became of trials on the target itself.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.errors import ParameterError
from metallmix_kedro.history.averages import known_configurations
from metallmix_kedro.history.columns import SCORE
from metallmix_kedro.search_space import CONFIGURATION_COLUMNS, Configuration
from metallmix_kedro.surrogate.model import Surrogate
from metallmix_kedro.surrogate.outlook import Outlook
from metallmix_kedro.surrogate.scenarios import Float32Array

KEYS = list(CONFIGURATION_COLUMNS)


@dataclass(frozen=True, slots=True)
class Prospects:
    """The configurations that may still be tried, n of them, and what is expected of them.

    Parameters
    ----------
    frame : pandas.DataFrame
        Configuration, meta-features and probes, n rows.
    predictions : pandas.DataFrame
        From `Surrogate.predict`, with what is expected after all; on the frame's index.
    draws : ndarray
        What their relative scores may be instead, shape (m, n).
    floor : ndarray or None
        The best relative score of the trials on the target, in each draw, shape (m,).
    chances : pandas.Series or None
        The probability of each to score above the configuration that is best on average, missing
        for itself; None where that one is not known.
    """

    frame: pd.DataFrame
    predictions: pd.DataFrame
    draws: Float32Array
    floor: Float32Array | None
    chances: pd.Series | None


def own_trials(history: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """Return the target's own trials: finished, scored, of a known configuration.

    Parameters
    ----------
    history : pandas.DataFrame
        Rows of `history.schema.HistorySchema`.
    dataset : str
        The target's name. Measured and imported trials under it count, published ones do not.

    Returns
    -------
    pandas.DataFrame
        The configuration's columns and the score, best first.
    """
    ours = known_configurations(history[history["dataset"] == dataset])
    ordered = ours.sort_values([SCORE, "trial_id"], ascending=[False, True], kind="stable")
    return ordered[[*KEYS, SCORE]].reset_index(drop=True)


def prospects(
    surrogate: Surrogate,
    frame: pd.DataFrame,
    predictions: pd.DataFrame,
    tried: pd.DataFrame,
    average: Configuration | None,
    outside: bool,
) -> Prospects:
    """Put together what is to be expected of configurations on the target.

    Parameters
    ----------
    surrogate : Surrogate
    frame : pandas.DataFrame
        The configurations that may be tried, with the target's meta-features and probes.
    predictions : pandas.DataFrame
        What the surrogate predicts of them, on the frame's index.
    tried : pandas.DataFrame
        From `own_trials`, with the target's meta-features and probes; what was tried is not
        offered again.
    average : Configuration or None
        The one that is best on average.
    outside : bool
        Whether the target is unlike anything in the history: what trees have learned of where a
        dataset differs from the average is left aside then.

    Raises
    ------
    ParameterError
        If everything was tried.
    """
    elsewhere = tried[frame.columns].merge(frame[KEYS], on=KEYS, how="left", indicator=True)
    elsewhere = elsewhere[elsewhere.pop("_merge") == "left_only"].drop_duplicates(KEYS)
    together = pd.concat([frame, elsewhere], ignore_index=True)
    expected = _expected(surrogate, together, predictions, outside)
    outlook = surrogate.outlook(together, expected)
    places = _places(together, tried)
    if len(places):
        scores = surrogate.relative_score(tried[SCORE].to_numpy(dtype=np.float64), tried)
        outlook = outlook.after(places.tolist(), scores, surrogate.card.training.seed)
    left = np.setdiff1d(np.arange(len(frame)), places)
    if not len(left):
        raise ParameterError(
            f"All {len(frame)} configurations that may be chosen were tried on the target already. "
            "Allow more (recommendation.backbones, search_space), or keep the best of them."
        )
    shown = frame.iloc[left]
    changed = outside or len(places) > 0
    after = pd.Series(outlook.mean[left], index=shown.index)
    return Prospects(
        frame=shown,
        predictions=surrogate.predict(shown, after) if changed else predictions,
        draws=outlook.draws[:, left],
        floor=outlook.draws[:, places].max(axis=1) if len(places) else None,
        chances=_chances(outlook, together, average, shown.index, left),
    )


def _expected(
    surrogate: Surrogate, together: pd.DataFrame, predictions: pd.DataFrame, outside: bool
) -> pd.Series:
    """Return relative scores of the configurations and of those tried that are not among them."""
    if outside:
        return surrogate.average(together)
    elsewhere = together.iloc[len(predictions) :]
    parts = [predictions["relative_score"], surrogate.predict(elsewhere)["relative_score"]]
    return pd.concat(parts, ignore_index=True)


def _places(together: pd.DataFrame, tried: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return where the configurations that were tried stand."""
    numbered = together[KEYS].assign(place=np.arange(len(together)))
    return tried[KEYS].merge(numbered, on=KEYS, how="left")["place"].to_numpy(dtype=np.int64)


def _chances(
    outlook: Outlook,
    together: pd.DataFrame,
    average: Configuration | None,
    index: pd.Index,
    left: npt.NDArray[np.int64],
) -> pd.Series | None:
    if average is None:
        return None
    same = np.all([together[name] == value for name, value in average.as_dict().items()], axis=0)
    if not same.any():
        return None
    reference = int(same.argmax())
    chances = outlook.chance_to_beat(reference)
    chances[reference] = np.nan
    return pd.Series(chances[left], index=index)
