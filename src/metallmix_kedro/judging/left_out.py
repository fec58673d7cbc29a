"""The evidence of a recommendation for a dataset left out, out of its recorded trials."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.attribution import readable_values
from metallmix_kedro.decision import DECIMALS, DIFFERENT, PREDICTIONS, SURROGATE_BEST, gather
from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.evaluation import ReplayTable, Settings, Task, by_short_list
from metallmix_kedro.explanation import (
    Attribution,
    Candidate,
    Evidence,
    RetrievedTrial,
    Target,
    TopFeature,
)
from metallmix_kedro.history import History
from metallmix_kedro.retrieval import build_index, retrieve
from metallmix_kedro.search_space import Configuration, SearchSpace


@dataclass(frozen=True)
class LeftOutDataset:
    """A dataset left out, ready to be recommended for.

    Parameters
    ----------
    table : ReplayTable
        Its recorded trials.
    task : Task
        What may be learned from: the history without it.
    positions : dict of str to int
        The recorded trial behind each candidate of `evidence`.
    evidence : Evidence
    space : SearchSpace
        All values that its recorded trials have.
    """

    table: ReplayTable
    task: Task
    positions: dict[str, int]
    evidence: Evidence
    space: SearchSpace

    def nearest(self, configuration: Configuration) -> tuple[int, int]:
        """Return the recorded trial that differs least from a configuration, and by how much.

        Returns
        -------
        position : int
        n_different : int
            Hyperparameters in which it differs.
        """
        values = configuration.as_dict()
        differs = (self.table.candidates[[*values]] != pd.Series(values)).sum(axis=1).to_numpy()
        position = int(differs.argmin())
        return position, int(differs[position])


def leave_out(history: History, table: ReplayTable, settings: Settings) -> LeftOutDataset:
    """Gather what a recommendation for a dataset would rest on, had it never been measured.

    Parameters
    ----------
    history : History
        All trials.
    table : ReplayTable
        The dataset's recorded trials.
    settings : Settings
    """
    task = Task.leaving_out(history, table, settings)
    wanted = settings.recommendation
    picks = by_short_list(task, np.random.default_rng(0), wanted.n_candidates)
    space = _space(table.candidates)
    candidates = tuple(
        candidate_of(
            task,
            task.candidates.loc[[position]],
            f"C{number}",
            SURROGATE_BEST if number == 1 else DIFFERENT,
        )
        for number, position in enumerate(picks, start=1)
    )
    evidence = Evidence(
        target=Target(name=table.dataset, meta_features=task.target),
        objective=settings.objective,
        trials=_similar(task, table.dataset),
        attributions=_attributions(task, space),
        candidates=candidates,
        warnings=(),
    )
    positions = {one.ref: position for one, position in zip(candidates, picks, strict=True)}
    return LeftOutDataset(table, task, positions, evidence, space)


def candidate_of(task: Task, frame: pd.DataFrame, ref: str, role: str) -> Candidate:
    """Make a candidate of one row of meta-features and configuration, by predictions alone."""
    predicted: dict[Any, Any] = task.surrogate.predict(frame).iloc[0].to_dict()
    added = task.surrogate.contributions(frame).iloc[0]
    row: dict[Any, Any] = frame.iloc[0].to_dict()
    configuration = Configuration.from_mapping(row)
    parts = [
        TopFeature(
            feature=name,
            value=str(readable_values(name, frame[name]).iloc[0]),
            contribution=round(float(added[name]), DECIMALS),
        )
        for name in configuration_columns()
    ]
    return Candidate(
        ref=ref,
        configuration=configuration,
        roles=(role,),
        contributions=tuple(sorted(parts, key=lambda part: -abs(part.contribution))),
        **{name: round(float(predicted[name]), DECIMALS) for name in PREDICTIONS},
    )


def _space(candidates: pd.DataFrame) -> SearchSpace:
    values = {
        name: tuple(sorted(set(candidates[name].tolist()))) for name in configuration_columns()
    }
    return SearchSpace.model_validate(values)


def _similar(task: Task, dataset: str) -> tuple[RetrievedTrial, ...]:
    settings, others = task.settings, task.training.table
    index, card = build_index(others, settings.retrieval)
    similar = retrieve(
        index,
        card,
        others,
        task.target,
        k=settings.recommendation.n_trials,
        max_per_dataset=settings.recommendation.max_per_dataset,
        exclude_dataset=dataset,
    )
    none = pd.DataFrame(columns=["trial_id", "rank", "feature", "value", "contribution"])
    return gather.number_trials(similar, none)


def _attributions(task: Task, space: SearchSpace) -> tuple[Attribution, ...]:
    """Average the surrogate's contributions by value over the trials it learned from."""
    known = task.training.relative.dropna(subset=[*configuration_columns()])
    added = task.surrogate.contributions(known)
    rows = []
    for name in configuration_columns():
        values = readable_values(name, known[name])
        means = added[name].groupby(values).agg(["mean", "size"])
        rows += [
            {"feature": name, "value": value, "mean_contribution": mean, "n_trials": size}
            for value, mean, size in means.itertuples()
        ]
    count = task.settings.recommendation.n_attributions
    return gather.strongest_attributions(pd.DataFrame(rows), space, count)
