"""Score the search space for a target, and list the candidates (paper, section 2.4)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from metallmix_kedro.attribution.values import readable_value
from metallmix_kedro.backbones.registry import get_backbone
from metallmix_kedro.errors import ArtifactError, ParameterError
from metallmix_kedro.history.tried import Tried
from metallmix_kedro.meta_features.target import TargetDescription
from metallmix_kedro.probes.features import add_probes
from metallmix_kedro.recommendation.evidence import Candidate, TopFeature
from metallmix_kedro.recommendation.parameters import RecommendationParameters
from metallmix_kedro.recommendation.portfolio import short_list
from metallmix_kedro.search_space import CONFIGURATION_COLUMNS, Configuration, SearchSpace
from metallmix_kedro.surrogate.model import Surrogate

DECIMALS = 4
"""Evidence is rounded to what a reader or an LLM can use; more digits would be false precision."""

PREDICTIONS = tuple(
    name for name, field in Candidate.model_fields.items() if field.annotation is float
)
"""What the surrogate predicts of a candidate."""


@dataclass(frozen=True, slots=True)
class AllowedSpace:
    """The part of the search space that may be chosen, and its backbones never measured."""

    space: SearchSpace
    unmeasured: tuple[str, ...]


def allowed_space(
    space: SearchSpace,
    history: pd.DataFrame | Tried,
    wanted: Literal["measured"] | Collection[str],
    max_parameters: int | None = None,
) -> AllowedSpace:
    """Restrict the search space to the backbones that may be chosen.

    Parameters
    ----------
    space : SearchSpace
    history : pandas.DataFrame or Tried
        Rows of `history.schema.HistorySchema`; where more than one target is asked for, what was
        counted of them once.
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
    measured = Tried.of(history).backbones
    if measured.isdisjoint(space.backbone):
        raise ArtifactError(
            "The history holds no finished trial with a known configuration of the search space "
            f"(backbones {', '.join(space.backbone)}), so nothing can be recommended from it. "
            "Measure some (kedro run --pipelines=experiment_grid), or restore the history that "
            "ships with the project."
        )
    if wanted == "measured":
        wanted = [name for name in space.backbone if name in measured]
    if max_parameters is not None:
        wanted = _small_enough(wanted, max_parameters)
    allowed = space.restricted(wanted)
    unmeasured = tuple(name for name in allowed.backbone if name not in measured)
    return AllowedSpace(space=allowed, unmeasured=unmeasured)


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


def list_candidates(
    target: TargetDescription,
    probes: pd.DataFrame,
    surrogate: Surrogate,
    history: pd.DataFrame | Tried,
    space: SearchSpace,
    parameters: RecommendationParameters,
) -> tuple[Candidate, ...]:
    """Score the whole space for the target and shorten it to a list (`portfolio.short_list`).

    Parameters
    ----------
    target : TargetDescription
    probes : pandas.DataFrame
        Probes of the target, columns `metallmix_kedro.probes.PROBE_COLUMNS`; may be empty.
    surrogate : Surrogate
    history : pandas.DataFrame or Tried
        As for `allowed_space`; what lies outside the space does not count for the configuration
        that is best on average.
    space : SearchSpace
        Already restricted to the backbones that may be chosen.
    parameters : RecommendationParameters

    Returns
    -------
    tuple of Candidate
        In the order to try them: ``C1`` is the surrogate's first choice, the others follow by what
        they add to the list.

    Raises
    ------
    ArtifactError
        If the surrogate knows no training times.
    ParameterError
        If no configuration is predicted to train within ``max_training_time_s``.
    """
    frame = space.frame().assign(dataset=target.name, **target.meta_features.model_dump())
    frame = add_probes(frame, probes)
    predictions = surrogate.predict(frame)
    if predictions["training_time_s"].isna().any():
        raise ArtifactError(
            "The surrogate predicts no training time, because no trial of its history has one. "
            "Add trials with training_time_s and fit it again: kedro run --pipelines=meta_learning"
        )
    fast = _fast_enough(predictions, parameters.max_training_time_s)
    frame, predictions = frame[fast], predictions[fast]
    average = Tried.of(history).best(space)
    listed = short_list(
        frame.join(predictions),
        surrogate.scenarios(frame, predictions["relative_score"]),
        parameters.n_candidates,
        None if average is None else average.configuration.as_dict(),
    )
    contributions = surrogate.contributions(frame.loc[listed.index])
    return tuple(
        _candidate(f"C{number}", row, contribution)
        for number, (row, contribution) in enumerate(
            zip(listed.to_dict("records"), contributions.to_dict("records"), strict=True), start=1
        )
    )


def _candidate(ref: str, row: dict[Any, Any], contributions: dict[Any, float]) -> Candidate:
    own = [
        TopFeature(
            feature=name,
            value=readable_value(name, row[name]),
            contribution=round(float(contributions[name]), DECIMALS),
        )
        for name in CONFIGURATION_COLUMNS
    ]
    return Candidate(
        ref=ref,
        configuration=Configuration.from_mapping(row),
        roles=row["roles"],
        adds=round(float(row["adds"]), DECIMALS),
        contributions=tuple(sorted(own, key=lambda one: -abs(one.contribution))),
        **{name: round(float(row[name]), DECIMALS) for name in PREDICTIONS},
    )
