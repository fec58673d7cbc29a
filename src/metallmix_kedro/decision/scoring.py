"""Score what may be chosen of the search space for a target (paper, section 2.4)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.attribution import readable_value
from metallmix_kedro.backbones import get_backbone
from metallmix_kedro.decision.target import Target
from metallmix_kedro.declared import configuration_columns, network
from metallmix_kedro.explanation import Candidate, TopFeature
from metallmix_kedro.history import Tried
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.support import ArtifactError, ParameterError
from metallmix_kedro.surrogate import Surrogate

DECIMALS = 4
"""Evidence is rounded to what a reader or an LLM can use; more digits would be false precision."""

FEWEST_CHOICES = 20
"""Configurations that a history has to have measured widely, to choose among these alone."""

FEWEST_OFFERED = 6
"""Of these, so many have to be allowed: five are listed, and one is tried already."""

_PREDICTIONS = tuple(
    name for name, field in Candidate.model_fields.items() if field.annotation is float
)


@dataclass(frozen=True, slots=True)
class AllowedSpace:
    """The part of the search space that may be chosen, and its backbones never measured."""

    space: SearchSpace
    unmeasured: tuple[str, ...]


def allowed_space(
    space: SearchSpace,
    tried: Tried,
    wanted: Literal["measured"] | Collection[str],
    max_parameters: int | None = None,
) -> AllowedSpace:
    """Restrict the search space to the backbones that may be chosen.

    Parameters
    ----------
    space : SearchSpace
        Without a hyperparameter that names a pretrained network, all of it is allowed.
    tried : Tried
        The history's configurations.
    wanted : "measured" or collection of str
        Names, or those that the history has finished trials of.
    max_parameters : int, optional
        Backbones with more parameters are left out.

    Raises
    ------
    ArtifactError
        If the history holds no finished trial with a known configuration of the space.
    ParameterError
        If a name is not in the search space, or no backbone is small enough.
    """
    named = network()
    told = named or configuration_columns()[0]
    measured, searched = tried.values(told), space.values(told)
    if measured.isdisjoint(searched):
        raise ArtifactError(
            "The history holds no finished trial with a known configuration of the search space "
            f"({told}: {', '.join(map(str, searched))}), so nothing can be "
            "recommended from it. Measure some (kedro run --pipelines=experiment_grid), or restore "
            "the history that ships with the project."
        )
    if named is None:
        return AllowedSpace(space=space, unmeasured=())
    if wanted == "measured":
        wanted = [str(name) for name in searched if name in measured]
    if max_parameters is not None:
        wanted = _small_enough(wanted, max_parameters)
    allowed = space.restricted(**{named: wanted})
    unmeasured = tuple(str(name) for name in allowed.values(named) if name not in measured)
    return AllowedSpace(space=allowed, unmeasured=unmeasured)


def choices(
    allowed: AllowedSpace,
    tried: Tried,
    among: Literal["measured", "space"],
    fewest: int = FEWEST_CHOICES,
) -> pd.DataFrame:
    """Return the configurations to choose among.

    What was never measured is predicted from its values one by one, and what makes a configuration
    good is often their combination. So those measured on at least half of the history's datasets
    are offered. Of a backbone that was never measured, and where too few of them are allowed, the
    combinations of the other values that were measured so widely, whatever the backbone. Where
    these are too few as well, or few of the history's configurations were measured so widely, the
    whole space.

    Parameters
    ----------
    allowed : AllowedSpace
    tried : Tried
        The history's configurations.
    among : str
        ``measured``, or ``space``: all of it.
    fewest : int
        The history has to have measured so many widely.

    Returns
    -------
    pandas.DataFrame
        Columns `configuration_columns`, in the order of the space.
    """
    every, known, named = allowed.space.frame(), tried.widely(), network()
    if among == "space" or len(known) < fewest:
        return every
    measured = _agree(every, known, configuration_columns())
    others = [name for name in configuration_columns() if name != named]
    elsewhere = _agree(every, known, others)
    if named:
        measured = measured | (elsewhere & every[named].isin(allowed.unmeasured).to_numpy())
    for offered in (measured, elsewhere):
        if offered.sum() >= min(fewest, FEWEST_OFFERED):
            return every[offered].reset_index(drop=True)
    return every


def _agree(
    every: pd.DataFrame, known: pd.DataFrame, names: Collection[str]
) -> npt.NDArray[np.bool_]:
    """Tell which rows have the values of a known one under some names."""
    values = known[list(names)].drop_duplicates()
    found = every.merge(values, on=list(names), how="left", indicator=True)["_merge"] == "both"
    return found.to_numpy(dtype=np.bool_)


def _small_enough(backbones: Collection[str], max_parameters: int) -> list[str]:
    sizes = {name: get_backbone(name).parameters for name in backbones}
    small = [name for name in backbones if sizes[name] <= max_parameters]
    if not small:
        smallest = min(sizes, key=lambda name: sizes[name])
        raise ParameterError(
            f"No backbone has at most recommendation.max_parameters = {max_parameters:,} "
            f"parameters; the smallest that may be chosen is {smallest} with {sizes[smallest]:,}. "
            "Raise the limit, or allow other backbones (recommendation.backbones)."
        )
    return small


def score_space(target: Target, surrogate: Surrogate, among: pd.DataFrame) -> pd.DataFrame:
    """Predict score and training time of configurations for the target.

    Parameters
    ----------
    target : Target
    surrogate : Surrogate
    among : pandas.DataFrame
        What may be chosen, from `choices` or `SearchSpace.frame`.

    Returns
    -------
    pandas.DataFrame
        A row a configuration: the features of `Surrogate.predict`, and what it predicts.

    Raises
    ------
    ArtifactError
        If the surrogate knows no training times.
    """
    frame = target.beside(among)
    predictions = target.predict(surrogate, frame)
    if predictions["training_time_s"].isna().any():
        raise ArtifactError(
            "The surrogate predicts no training time, because no trial of its history has one. "
            "Add trials with training_time_s and fit it again: kedro run --pipelines=meta_learning"
        )
    return frame.join(predictions)


def _known(chance: float | None) -> float | None:
    return None if chance is None or pd.isna(chance) else round(float(chance), 2)


def make_candidate(ref: str, row: Mapping[Any, Any], contributions: Mapping[Any, Any]) -> Candidate:
    """Make a candidate of a configuration, what is predicted of it and its SHAP contributions.

    Parameters
    ----------
    ref : str
    row : mapping
        `configuration_columns`, the columns of `Surrogate.predict` and ``roles``; ``chance`` and
        ``gain_chance`` where they are known.
    contributions : mapping
        A row of `Surrogate.contributions`.
    """
    own = [
        TopFeature(
            feature=name,
            value=readable_value(name, row[name]),
            contribution=round(float(contributions[name]), DECIMALS),
        )
        for name in configuration_columns()
    ]
    return Candidate(
        ref=ref,
        configuration=Configuration.from_mapping(row),
        roles=row["roles"],
        chance=_known(row.get("chance")),
        gain_chance=_known(row.get("gain_chance")),
        contributions=tuple(sorted(own, key=lambda one: -abs(one.contribution))),
        **predicted_values(row),
    )


def predicted_values(row: Mapping[Any, Any]) -> dict[str, float]:
    """Return what the surrogate predicts of a candidate, rounded, out of a row of `score_space`."""
    return {name: round(float(row[name]), DECIMALS) for name in _PREDICTIONS}
