"""The evidence of a recommendation for a dataset left out, out of its recorded trials."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.attribution import attribute_trials, by_value
from metallmix_kedro.decision import DIFFERENT, SURROGATE_BEST, gather, make_candidate
from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.evaluation import ReplayTable, Settings, Task, by_short_list
from metallmix_kedro.explanation import Candidate, Evidence, RetrievedTrial, Target
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
    space = SearchSpace.model_validate(
        {name: sorted(set(table.candidates[name].tolist())) for name in configuration_columns()}
    )
    learned_from = task.training.relative
    added = by_value(attribute_trials(task.surrogate, learned_from), learned_from)
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
        attributions=gather.strongest_attributions(added, space, wanted.n_attributions),
        candidates=candidates,
        warnings=(),
    )
    positions = {one.ref: position for one, position in zip(candidates, picks, strict=True)}
    return LeftOutDataset(table, task, positions, evidence, space)


def candidate_of(task: Task, frame: pd.DataFrame, ref: str, role: str) -> Candidate:
    """Make a candidate of one row of meta-features and configuration, by predictions alone."""
    predicted = task.surrogate.predict(frame).iloc[0]
    row: dict[Any, Any] = {**frame.iloc[0], **predicted, "roles": (role,)}
    return make_candidate(ref, row, task.surrogate.contributions(frame).iloc[0].to_dict())


def _similar(task: Task, dataset: str) -> tuple[RetrievedTrial, ...]:
    wanted, others = task.settings.recommendation, task.training.table
    similar = retrieve(
        *build_index(others, task.settings.retrieval),
        others,
        task.target,
        k=wanted.n_trials,
        max_per_dataset=wanted.max_per_dataset,
        exclude_dataset=dataset,
    )
    return gather.number_trials(similar, pd.DataFrame(columns=["trial_id", "rank"]))
