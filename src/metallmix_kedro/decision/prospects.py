"""What is to be expected of the allowed configurations on the target, by all that is known of it.

What the surrogate says of a dataset like it, and what became of trials on the target itself.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.decision.listing import position_of, short_list
from metallmix_kedro.decision.parameters import DecisionParameters
from metallmix_kedro.decision.scoring import make_candidate, score_space
from metallmix_kedro.decision.target import Learned, Target
from metallmix_kedro.declared import configuration_columns, network
from metallmix_kedro.explanation import Candidate, formatting
from metallmix_kedro.history import SCORE
from metallmix_kedro.search_space import Configuration, SearchSpace, phrase
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


def foresee(
    target: Target, learned: Learned, space: SearchSpace, among: pd.DataFrame | None = None
) -> Prospects:
    """Score configurations by all that is known of the target.

    Parameters
    ----------
    target : Target
    learned : Learned
        What lies outside the space does not count for the configuration that is best on average.
    space : SearchSpace
        Already restricted to what may be chosen.
    among : pandas.DataFrame, optional
        Its `choices`; without, all of it.

    Raises
    ------
    ArtifactError
        If the surrogate knows no training times.
    ParameterError
        If every configuration was tried on the target already.
    """
    surrogate, average = learned.surrogate, learned.history.tried.best(space)
    scored = score_space(target, surrogate, space.frame() if among is None else among)
    own = target.own_trials
    tried = own if own.empty else target.beside(own)
    together = _with_tried(surrogate, scored, tried)
    outlook = surrogate.outlook(together, together["relative_score"])
    places = _places(together, tried)
    known = together
    if len(places):
        scores = surrogate.relative_score(tried[SCORE].to_numpy(dtype=np.float64), tried)
        outlook = outlook.after(places.tolist(), scores)
        leader = int(places[np.argmax(scores)])
        known = known.assign(
            gain=outlook.expected_gain(leader), gain_chance=outlook.chance_to_beat(leader)
        )
    left = np.setdiff1d(np.arange(len(scored)), places)
    if not len(left):
        more = "recommendation.choose_among: space, search_space"
        more += ", recommendation.backbones" if network() else ""
        best: dict[Any, Any] = own.iloc[0].to_dict()
        raise ParameterError(
            f"All {len(scored)} configurations that may be chosen were tried on the target "
            f"already, says the history of '{target.name}'. The best scored "
            f"{formatting.percent(best[SCORE])}: {phrase(Configuration.from_mapping(best))}. Keep "
            f"it, or allow more ({more}). If these are trials on another dataset of that name, "
            "give yours one of its own (target.name)."
        )
    shown = known.assign(chance=_chances(outlook, together, average)).iloc[left]
    if len(places):
        after = pd.Series(outlook.mean[left], index=shown.index)
        after_all = target.predict(surrogate, shown, after)
        shown = shown.drop(columns=after_all.columns).join(after_all)
    return Prospects(scored=shown, average=average)


def list_candidates(
    found: Prospects, surrogate: Surrogate, parameters: DecisionParameters
) -> tuple[Candidate, ...]:
    """Shorten the scored space to a list (`listing.short_list`).

    Parameters
    ----------
    found : Prospects
        From `foresee`.
    surrogate : Surrogate
    parameters : DecisionParameters

    Returns
    -------
    tuple of Candidate
        In the order to try them: ``C1`` is the first choice.

    Raises
    ------
    ParameterError
        If no configuration is predicted to train within ``max_training_time_s``.
    """
    fast = _fast_enough(found.scored, parameters.max_training_time_s)
    listed = short_list(
        found.scored[fast],
        parameters.n_candidates,
        None if found.average is None else found.average.as_dict(),
    )
    contributions = surrogate.contributions(listed)
    return tuple(
        make_candidate(f"C{number}", row, contribution)
        for number, (row, contribution) in enumerate(
            zip(listed.to_dict("records"), contributions.to_dict("records"), strict=True), start=1
        )
    )


def _fast_enough(predictions: pd.DataFrame, limit: float | None) -> pd.Series:
    """Say which configurations are predicted to train within the limit.

    Raises
    ------
    ParameterError
        If none is.
    """
    seconds = predictions["training_time_s"]
    fast = seconds <= (float("inf") if limit is None else limit)
    if not fast.any():
        raise ParameterError(
            f"No configuration is predicted to train within recommendation.max_training_time_s = "
            f"{limit:g} s; the fastest takes about {seconds.min():.2g} s. Raise the limit."
        )
    return fast


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
