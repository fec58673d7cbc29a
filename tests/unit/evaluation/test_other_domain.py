"""A domain of numbers alone: no network, no kind of dataset, no probes, no images."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.declared import Declaration, used
from metallmix_kedro.evaluation.compare import compare_methods
from metallmix_kedro.evaluation.methods.methods import METHODS
from metallmix_kedro.evaluation.outcomes import Comparison
from metallmix_kedro.evaluation.pages.page import evaluation_page
from metallmix_kedro.evaluation.pages.report import evaluation_report
from metallmix_kedro.evaluation.parameters import MAIN
from metallmix_kedro.evaluation.protocols.knowledge import Settings
from metallmix_kedro.evaluation.protocols.replay import replay_tables
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.evaluation.statistics.summary import (
    dataset_table,
    method_table,
    protocol_table,
    significance_table,
)
from metallmix_kedro.history import METRICS, History
from metallmix_kedro.history.columns import history_columns
from metallmix_kedro.history.objective import with_score
from metallmix_kedro.history.schema import history_schema
from metallmix_kedro.judging.ablation import _outcome
from metallmix_kedro.judging.left_out import leave_out

NUMBER = {"kind": "number", "minimum": 0, "phrase": "{value} rounds"}
DECLARED = {
    "search_space": {
        "rounds": {**NUMBER, "kind": "whole_number", "values": [25, 50, 100, 200]},
        "penalty": {"kind": "number", "scale": "log_1p", "minimum": 0, "values": [0.0, 1.0, 10.0]},
    },
    "meta_features": {
        "trained": "trees",
        "declared": {
            "n_rows": {"kind": "whole_number", "minimum": 2},
            "n_classes": {"kind": "whole_number", "minimum": 2},
        },
    },
}
NEED_A_NETWORK = {name for name, method in METHODS.items() if method.missing is not None}


@pytest.fixture(scope="module", autouse=True)
def _of_numbers() -> Iterator[None]:
    with used(Declaration.from_parameters(DECLARED)):
        yield


@pytest.fixture(autouse=True)
def _declared() -> None:
    """In place of the one that declares what conf/base does."""


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    grid = [*product((25, 50, 100, 200), (0.0, 1.0, 10.0))]
    rows = [
        {
            "trial_id": f"d{number}-{place}",
            "dataset": f"d{number}",
            "rounds": rounds,
            "penalty": penalty,
            "n_rows": 100.0 * (number + 1),
            "n_classes": 2.0 + number % 3,
            "training_time_s": rounds / 10,
            **dict.fromkeys(METRICS, 0.5 + rounds / 500 - penalty / 50 + rng.normal(0, 0.01)),
        }
        for number in range(5)
        for place, (rounds, penalty) in enumerate(grid)
    ]
    table = pd.DataFrame(rows).assign(source="imported", proposer="import:t", status="finished")
    valid = history_schema().validate(table.reindex(columns=list(history_columns())).astype(object))
    return with_score(valid, "accuracy")


@pytest.fixture(scope="module")
def numbers(settings: Settings) -> Settings:
    evaluation = settings.evaluation.model_copy(update={"source": "imported"})
    return replace(settings, evaluation=evaluation)


@pytest.fixture(scope="module")
def comparison(history: pd.DataFrame, numbers: Settings, probes: pd.DataFrame) -> Comparison:
    return compare_methods(History(history), numbers, probes)


def test_what_needs_a_network_or_a_kind_of_dataset_falls_out_without_a_word(comparison):
    assert len(NEED_A_NETWORK) == 5
    assert set(comparison.outcomes["method"]) == set(METHODS) - NEED_A_NETWORK
    assert set(comparison.outcomes["protocol"]) == set(comparison.excluded) == {MAIN}
    assert comparison.not_run == {}


def test_methods_that_learn_beat_chance(comparison):
    regrets = comparison.outcomes.groupby("method")["regret"].mean()
    for name in ("surrogate", "best_on_average", "nearest_neighbour", "bayesian_search"):
        assert regrets[name] < regrets["random_pick"]


def test_page_and_pictures_name_no_image_network_or_probe(comparison, numbers):
    parameters = numbers.evaluation
    methods = method_table(comparison, parameters)
    protocols = protocol_table(comparison, parameters)
    report = evaluation_report(comparison, parameters)
    assert report["other_protocols"] == {}
    tests = significance_table(comparison)
    datasets = dataset_table(comparison)
    page = evaluation_page(methods, tests, protocols, datasets, report)
    for word in ("image", "backbone", "modality", "probe", "the paper"):
        assert word not in page.lower()
    assert "| Method | Dataset left out |\n" in page


def test_a_recommendation_for_a_dataset_left_out_can_be_judged(history, numbers):
    tables, _ = replay_tables(History(history), "imported", 5)
    left_out = leave_out(History(history), tables[0], numbers)
    assert left_out.space.rounds == (25, 50, 100, 200)
    assert _outcome(left_out, [0])["selected_model"] == "25 rounds, penalty 0"
    assert Task.leaving_out(History(history), tables[0], numbers).target.n_rows == 100
