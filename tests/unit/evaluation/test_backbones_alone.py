"""A history that knows a trial's backbone and not much else, as imports may."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.evaluation.compare import compare_methods
from metallmix_kedro.evaluation.methods.methods import METHODS
from metallmix_kedro.evaluation.parameters import MAIN
from metallmix_kedro.evaluation.protocols.replay import replay_tables
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.history import History
from metallmix_kedro.history.columns import ACCURACY, history_columns
from metallmix_kedro.history.objective import with_score
from metallmix_kedro.history.schema import history_schema

SCORES = {
    # One network is best everywhere but on the last dataset.
    "a": (0.5, 0.9, 0.6, 0.1, 0.2),
    "b": (0.4, 0.8, 0.7, 0.2, 0.1),
    "c": (0.3, 0.7, 0.6, 0.1, 0.2),
    "d": (0.9, 0.5, 0.4, 0.1, 0.2),
}


@pytest.fixture(scope="module")
def backbones_alone() -> pd.DataFrame:
    rows = [
        {
            "trial_id": f"{dataset}-{number}",
            "dataset": dataset,
            "backbone": f"net_{number}",
            ACCURACY: score,
            "n_instances": 100.0 * (1 + place),
            "modality": "natural",
        }
        for place, (dataset, scores) in enumerate(SCORES.items())
        for number, score in enumerate(scores)
    ]
    table = pd.DataFrame(rows).assign(
        source="imported", proposer="import:theirs", status="finished"
    )
    valid = history_schema().validate(table.reindex(columns=list(history_columns())).astype(object))
    return with_score(valid, "accuracy")


@pytest.fixture(scope="module")
def task(backbones_alone, settings) -> Task:
    tables, excluded = replay_tables(History(backbones_alone), "imported", 5)
    assert excluded == {}
    return Task.leaving_out(History(backbones_alone), tables[0], settings)


def choose(task, name, n_picks=1):
    picks = METHODS[name].choose(task, np.random.default_rng(0), n_picks)
    return task.candidates["backbone"].iloc[picks].tolist()


def test_best_on_average_compares_backbones(task):
    # On b, c and d the mean relative scores of net_0 and net_1 are 0.67 and 0.83.
    assert choose(task, "best_on_average") == ["net_1"]


def test_the_short_list_has_different_backbones_and_the_best_on_average(task):
    listed = choose(task, "short_list", 5)
    assert len(set(listed)) == 5
    assert "net_1" in choose(task, "short_list", 2)


def test_without_meta_features_no_dataset_is_the_nearest(task):
    assert choose(task, "nearest_neighbour") == []


NEED_PROBES = {
    "transferability", "one_probe", "all_probes", "probed_short_list", "probed_own_trials",
}  # fmt: skip


def test_all_methods_are_compared(backbones_alone, settings):
    shorter = {"source": "imported", "n_trials": 4, "n_initial": 2}
    few = replace(settings, evaluation=settings.evaluation.model_copy(update=shorter))
    comparison = compare_methods(History(backbones_alone), few)
    assert set(comparison.outcomes["method"]) == set(METHODS) - NEED_PROBES
    neighbours = {"nearest_neighbour", "three_nearest_neighbours"}
    assert set(comparison.uninformed[MAIN]) == neighbours
    assert comparison.outcomes["training_time_s"].isna().all()


def test_a_history_of_one_modality_has_nothing_left_without_it(backbones_alone, settings):
    shorter = {
        "source": "imported",
        "n_trials": 4,
        "n_initial": 2,
        "methods": ("greedy_portfolio",),
    }
    few = replace(settings, evaluation=settings.evaluation.model_copy(update=shorter))
    comparison = compare_methods(History(backbones_alone), few)
    assert set(comparison.outcomes["protocol"]) == {MAIN}
    reasons = comparison.excluded["leave_one_modality_out"]
    assert set(reasons) == set(SCORES)
    assert "0 dataset(s)" in reasons["a"]


def test_a_dataset_that_lacks_what_its_import_gives_of_others_is_not_scored(backbones_alone):
    history = backbones_alone.copy()
    history.loc[history["dataset"] == "a", "n_instances"] = np.nan
    assert "n_instances" in replay_tables(History(history), "imported", 5)[1]["a"]
    history.loc[history["dataset"] == "a", "proposer"] = "import:others"
    assert replay_tables(History(history), "imported", 5)[1] == {}
