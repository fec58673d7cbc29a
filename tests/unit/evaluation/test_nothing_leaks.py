"""No trace of what is left out reaches what methods are given or made.

The left-out rows get values and names that occur nowhere else; then every method runs, and all that
was learned is turned into text and searched for them. And whatever the left-out rows say, the
picks stay the same.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import singledispatch

import faiss
import numpy as np
import pandas as pd
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from metallmix_kedro.evaluation.methods.methods import LISTED, METHODS
from metallmix_kedro.evaluation.protocols.knowledge import Knowledge, Settings
from metallmix_kedro.evaluation.protocols.protocols import left_out_for
from metallmix_kedro.evaluation.protocols.replay import replay_tables
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.history import METRICS, SCORE, TIMES, History

TARGET, TWIN, ALIKE = "fabricated_1", "twin of it", "of its modality"
WORD = "zebra"
"""Part of every text that is planted."""

NUMBERS = {
    SCORE: 0.731731731,
    "training_time_s": 91919191.0,
    "dense_units": 90909.0,
    "learning_rate": 0.000777333,
    "image_width": 80808.0,
}
LEARNING = [name for name, method in METHODS.items() if method.learns]
UNASKING = [name for name in LEARNING if not METHODS[name].asks]
"""What is told no outcome must not change with any."""


def planted(history: pd.DataFrame, left_out: frozenset[str]) -> pd.DataFrame:
    """Mark every row that has to go: the target's, its twin's, its modality's."""
    ours = history[history["dataset"] == TARGET].assign(data_hash=f"{WORD}-hash")
    twin = ours.head(12).assign(
        dataset=TWIN,
        trial_id=f"{WORD}-twin-" + ours["trial_id"],
        modality=f"{WORD}-modality",
        source="published",
    )
    rest = history[history["dataset"] != TARGET]
    together = pd.concat([ours, twin, rest], ignore_index=True)
    gone = ~together["trial_id"].isin(History(together).without(left_out).table["trial_id"])
    for column in ("device", "versions", "weights_id", "proposer"):
        together.loc[gone, column] = f"{WORD}-{column}"
    together.loc[gone, "trial_id"] = f"{WORD}-" + together.loc[gone, "trial_id"]
    # One of them is absurd in every number, its configuration and image size too.
    first = together.index[gone][::6]
    for column, value in NUMBERS.items():
        together.loc[first, column] = value
    return together


def texts(thing: object) -> Iterator[str]:
    """Write out anything that a method may have learned, or refuse to look away."""
    if isinstance(thing, list | tuple):
        for part in thing:
            yield from texts(part)
    elif isinstance(thing, Mapping):
        yield from texts([*thing.keys(), *thing.values()])
    elif is_dataclass(thing):
        yield from texts([getattr(thing, part.name) for part in fields(thing)])
    else:
        yield written(thing)


@singledispatch
def written(thing: object) -> str:
    raise TypeError(f"cannot look into {type(thing)}")


written.register(str, str)
written.register(int, str)
written.register(float, repr)
written.register(type(None), str)
written.register(BaseModel, lambda model: model.model_dump_json())
written.register(faiss.Index, lambda index: str(index.reconstruct_n(0, index.ntotal).tolist()))
written.register(xgboost.Booster, lambda booster: bytes(booster.save_raw("json")).decode())
written.register(pd.Series, lambda series: series.reset_index().to_csv())
written.register(pd.DataFrame, lambda table: table.reset_index().to_csv())


PLANTED = np.array(
    [
        form
        for value in NUMBERS.values()
        for form in (value, np.log10(value), np.log(value), np.log1p(value))
    ]
)
"""How the numbers would look: as they are, and their logarithms."""

NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?", re.IGNORECASE)


def found_in(things: object) -> set[str]:
    """Return the planted words and numbers in something; single precision is enough."""
    haystack = "\n".join(texts(things))
    numbers = np.unique(np.array([float(found) for found in NUMBER.findall(haystack)]))
    near = np.isclose(numbers[:, np.newaxis], PLANTED, rtol=2e-7, atol=0)
    found = {f"{value:.9g}" for value in PLANTED[near.any(axis=0)]}
    return found | ({WORD} if WORD in haystack.lower() else set())


def everything_learned(task: Task) -> dict[str, object]:
    """Run every method, and return the training trials and all that was made of them."""
    for name in LEARNING:
        METHODS[name].choose(task, np.random.default_rng(0), LISTED)
    score_model, time_model, card = task.surrogate.artifacts()
    artifacts = {"score": score_model, "time": time_model, "card": json.dumps(card)}
    learned = {
        name: thing
        for name, thing in task.knowledge.learned.items()
        if name != "calibrated_surrogate"
    }
    return {"training": task.training.relative, **learned, **artifacts}


def target_table(history: pd.DataFrame):
    return next(t for t in replay_tables(History(history), "measured", 5)[0] if t.dataset == TARGET)


@pytest.fixture(scope="module")
def six(shared_history):
    """The shared history with a dataset of the target's modality and one more of another's."""
    more = [
        shared_history[shared_history["dataset"] == model].assign(
            dataset=name,
            trial_id=f"{name} " + shared_history["trial_id"],
            modality=shared_history.loc[shared_history["dataset"] == modality, "modality"].iloc[0],
        )
        for name, model, modality in (
            (ALIKE, "fabricated_2", TARGET),
            ("six", "fabricated_3", TARGET),
        )
    ]
    more[1]["modality"] = "another one"
    return pd.concat([shared_history, *more], ignore_index=True)


LEFT_OUT = {
    "dataset": frozenset([TARGET]),
    "modality": frozenset([TARGET, ALIKE]),
}


def test_the_sets_below_are_those_of_the_protocols(six):
    table = target_table(six)
    names = [f"leave_one_{name}_out" for name in LEFT_OUT]
    found = [left_out_for(name, table, History(six)) for name in names]
    assert found == [*LEFT_OUT.values()]


@pytest.mark.parametrize("left_out", LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_planted_marker_is_found_nowhere(six, settings: Settings, probes, left_out):
    history = planted(six, left_out)
    knowledge = Knowledge(History(history).without(left_out), settings)
    task = Task.of(target_table(history), knowledge, probes)
    learned = everything_learned(task)
    asked = {fit.__name__ for name in LEARNING for fit in METHODS[name].fits}
    assert asked <= set(learned)
    for name, thing in learned.items():
        assert found_in(thing) == set(), name


def test_the_marker_is_found_where_nothing_is_left_out(six, settings: Settings, probes):
    """The test above could not fail if its search found nothing anywhere."""
    left_out = LEFT_OUT["dataset"]
    history = planted(six, left_out)
    everything = Knowledge(History(history).without(frozenset()), settings)
    learned = everything_learned(Task.of(target_table(history), everything, probes))
    for name in ("training", "mean_scores", "dataset_scores", "similarity_index", "card"):
        assert found_in(learned[name]), name


def picks(history: pd.DataFrame, left_out: frozenset[str], settings: Settings, probes, table):
    knowledge = Knowledge(History(history).without(left_out), settings)
    task = Task.of(table, knowledge, probes)
    return {name: METHODS[name].choose(task, np.random.default_rng(0), LISTED) for name in UNASKING}


@pytest.fixture(scope="module")
def fewer_trees(settings: Settings) -> Settings:
    few = settings.meta_learning.score_model.model_copy(update={"n_rounds": 4})
    both = {"score_model": few, "time_model": few}
    return replace(settings, meta_learning=settings.meta_learning.model_copy(update=both))


@pytest.fixture(scope="module")
def unchanged(six, fewer_trees, probes):
    table = target_table(six)
    return {
        name: picks(six, left_out, fewer_trees, probes, table)
        for name, left_out in LEFT_OUT.items()
    }


@given(data=st.data(), name=st.sampled_from(sorted(LEFT_OUT)))
@settings(max_examples=8)
def test_whatever_the_left_out_rows_score_the_picks_stay_the_same(
    six, fewer_trees, probes, unchanged, data, name
):
    left_out = LEFT_OUT[name]
    gone = ~six["trial_id"].isin(History(six).without(left_out).table["trial_id"])
    seed = data.draw(st.integers(0, 2**20))
    rng = np.random.default_rng(seed)
    history = six.copy()
    for metric in METRICS:
        history.loc[gone, metric] = rng.random(gone.sum()).round(data.draw(st.integers(1, 6)))
    for column in TIMES:
        history.loc[gone, column] = rng.exponential(10.0 ** data.draw(st.integers(-3, 6)))
    found = picks(history, left_out, fewer_trees, probes, target_table(history))
    assert found == unchanged[name]


def test_what_other_rows_score_does_change_picks(six, fewer_trees, probes, unchanged):
    """The test above could not fail if nothing ever changed a pick."""
    history = six.copy()
    others = history["dataset"] != TARGET
    history.loc[others, SCORE] = 1 - history.loc[others, SCORE]
    left_out = LEFT_OUT["dataset"]
    found = picks(history, left_out, fewer_trees, probes, target_table(history))
    assert all(found[name] != unchanged["dataset"][name] for name in UNASKING)
