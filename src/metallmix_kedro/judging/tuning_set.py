"""Recorded outcomes as examples to tune a language model on (the paper's future work).

Each example is a question as a recommendation asks it of a dataset that was left out, with what
the records say to it. The split is by dataset: what examples of ``train`` were made from has no
trial of a dataset of ``test``, and datasets that share images are on the same side.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from statistics import fmean
from typing import Any

import numpy as np
from rich.progress import track

from metallmix_kedro import __version__
from metallmix_kedro.decision import DIFFERENT, SURROGATE_BEST
from metallmix_kedro.evaluation import Settings, replay_tables
from metallmix_kedro.explanation import (
    Candidate,
    DecisionPrompts,
    Evidence,
    choice_example,
    explanation_example,
)
from metallmix_kedro.history import History
from metallmix_kedro.judging.left_out import LeftOutDataset, candidate_of, leave_out
from metallmix_kedro.language_models import cyclic_orders
from metallmix_kedro.surrogate import Fold, together

SPLITS = ("train", "test")

Example = dict[str, Any]
"""``messages``, and for who measures: ``task``, ``dataset``, ``list`` (which candidates it is of);
of a choice the recorded normalised ``regrets`` and ``predicted`` relative scores, by letter."""


def build_tuning_set(
    history: History,
    settings: Settings,
    prompts: DecisionPrompts,
    history_version: str | None = None,
) -> dict[str, Any]:
    """Make the examples of every dataset that is scored and not held back.

    Parameters
    ----------
    history : History
        All trials.
    settings : Settings
    prompts : DecisionPrompts
    history_version : str, optional
        For the card.

    Returns
    -------
    dict
        ``train`` and ``test``: JSON lines as text, a line an `Example`; and their ``card``.

    Raises
    ------
    ArtifactError
        If fewer than three datasets can be scored.
    """
    parameters = settings.evaluation
    usable = history.without(frozenset(parameters.held_back))
    tables, _ = replay_tables(usable, parameters.source, parameters.min_trials)
    wanted = parameters.tuning_set
    names = [table.dataset for table in tables]
    test = test_datasets(
        names, settings.meta_learning.overlapping, wanted.test_share, parameters.seed
    )
    known = {"train": usable.without(test), "test": usable}
    made: dict[str, list[Example]] = {split: [] for split in SPLITS}
    for table in track(tables, description="Leaving out datasets"):
        split = "test" if table.dataset in test else "train"
        left_out = leave_out(known[split], table, settings)
        made[split] += _examples(left_out, split, settings, prompts)
    texts = {split: _json_lines(made[split]) for split in SPLITS}
    card = {
        "schema_version": 1,
        "metallmix_kedro": __version__,
        "history": history_version,
        "prompt_sha256": prompts.sha256,
        "objective": settings.objective,
        "source": parameters.source,
        "seed": parameters.seed,
        **wanted.model_dump(),
        "held_back": sorted(parameters.held_back),
        "splits": {split: _counts(made[split], texts[split]) for split in SPLITS},
    }
    return {**texts, "card": card}


def test_datasets(
    names: Sequence[str], overlapping: Sequence[Fold], share: float, seed: int
) -> frozenset[str]:
    """Say which datasets are tested on: at least this share of all, but three groups are left.

    The order in which they are taken is that of a hash of their names, so that another dataset in
    the history hardly changes who is on which side.

    Parameters
    ----------
    names : sequence of str
    overlapping : sequence of frozenset of str
        Datasets that share images.
    share : float
    seed : int
    """
    groups = {together(name, overlapping) & frozenset(names) for name in names}
    ordered = sorted(groups, key=lambda group: _hash(f"{seed}/{min(group)}"))
    test: frozenset[str] = frozenset()
    for group in ordered[:-3]:
        if len(test) < share * len(names):
            test |= group
    return test


def _examples(
    left_out: LeftOutDataset, split: str, settings: Settings, prompts: DecisionPrompts
) -> Iterator[Example]:
    """Make the examples of a dataset; what is tested is asked in every order, as a vote is."""
    name, wanted = left_out.table.dataset, settings.evaluation.tuning_set
    rng = np.random.default_rng([settings.evaluation.seed, *name.encode()])
    predicted = cache(partial(_predicted, left_out))
    for number in range(wanted.n_choices):
        places = rng.permutation(len(left_out.table.scores))
        picks = [predicted(int(place)) for place in places[: settings.recommendation.n_candidates]]
        evidence, regrets = _with_candidates(left_out, picks)
        best = min(regrets, key=lambda ref: regrets[ref])
        own = {"dataset": name, "list": f"{name}/{number}"}
        orders = cyclic_orders([str(ref) for ref in rng.permutation([*regrets])])
        for order in orders if split == "test" else orders[:1]:
            yield {
                "messages": choice_example(evidence, order, best, prompts),
                "task": "choice",
                **own,
                "regrets": [round(regrets[ref], 4) for ref in order],
                "predicted": [evidence.candidate(ref).relative_score for ref in order],
            }
        if number < wanted.n_explanations:
            messages = explanation_example(evidence, best, prompts, rng)
            yield {"messages": messages, "task": "explanation", **own}


def _predicted(left_out: LeftOutDataset, position: int) -> tuple[Candidate, float]:
    """Return a recorded trial as a candidate, with its normalised regret."""
    frame = left_out.task.candidates.loc[[position]]
    candidate = candidate_of(left_out.task, frame, "", DIFFERENT)
    return candidate, float(left_out.table.regrets[position])


def _with_candidates(
    left_out: LeftOutDataset, picks: Sequence[tuple[Candidate, float]]
) -> tuple[Evidence, dict[str, float]]:
    """Put candidates in place of the short list, the best predicted first.

    Returns
    -------
    evidence : Evidence
    regrets : dict of str to float
        By the references that they are given.
    """
    ordered = sorted(picks, key=lambda one: (-one[0].relative_score, one[0].training_time_s))
    roles = [SURROGATE_BEST, *[DIFFERENT] * (len(ordered) - 1)]
    candidates = tuple(
        candidate.model_copy(update={"ref": f"C{number}", "roles": (role,)})
        for number, ((candidate, _), role) in enumerate(zip(ordered, roles, strict=True), start=1)
    )
    regrets = {one.ref: regret for one, (_, regret) in zip(candidates, ordered, strict=True)}
    return left_out.evidence.model_copy(update={"candidates": candidates}), regrets


def _json_lines(examples: Sequence[Example]) -> str:
    return "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in examples)


def _counts(examples: Sequence[Example], text: str) -> Mapping[str, Any]:
    """Say what a split holds, and how good the surrogate's first is among what is listed."""
    choices = [one for one in examples if one["task"] == "choice"]
    firsts = [one["regrets"][np.argmax(one["predicted"])] for one in choices]
    bests = [min(one["regrets"]) for one in choices]
    return {
        "sha256": _hash(text),
        "datasets": sorted({one["dataset"] for one in examples}),
        "n_choices": len(choices),
        "n_lists": len({one["list"] for one in choices}),
        "n_explanations": len(examples) - len(choices),
        "surrogate_is_best": _mean([a == b for a, b in zip(firsts, bests, strict=True)]),
        "regret_surrogate": _mean(firsts),
        "regret_any": _mean([fmean(one["regrets"]) for one in choices]),
        "regret_best": _mean(bests),
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(fmean(values), 4) if values else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
