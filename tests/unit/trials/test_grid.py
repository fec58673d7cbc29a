import json
from typing import Any

import pytest

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.trials.grid import TrialGrid, readable_records
from metallmix_kedro.trials.parameters import ExperimentGridParameters
from tests.fabricated import SPACE

PROTOCOL = {
    "image_size": 64,
    "subset_size": None,
    "n_folds": 2,
    "max_epochs": {"feature_extraction": 2, "last_10": 1, "last_30": 1, "full": 1},
    "patience": 1,
    "freeze_batch_norm": True,
}


def parameters(n_random: int = 6, n_bayesian: int = 2) -> ExperimentGridParameters:
    return ExperimentGridParameters.model_validate(
        {
            "datasets": None,
            "backbones": SPACE.backbone,
            "n_random": n_random,
            "n_bayesian": n_bayesian,
            "protocol": PROTOCOL,
            "cache_root": "unused",
            "seed": 5,
        }
    )


class FakeMeasurer:
    def __init__(self, dataset: str, fails: bool = False) -> None:
        self.dataset, self.fails, self.measured = dataset, fails, []

    def identify(self, configuration: Configuration) -> tuple[str, dict[str, Any]]:
        return f"{self.dataset}-{configuration.id}", {}

    def measure(self, configuration: Configuration, proposer: str) -> dict[str, Any]:
        self.measured.append(configuration)
        accuracy = None if self.fails else configuration.learning_rate * 100
        return {
            "trial_id": self.identify(configuration)[0],
            "dataset": self.dataset,
            "proposer": proposer,
            "status": "failed" if self.fails else "finished",
            "error": "ValueError: made to fail" if self.fails else None,
            "validation_accuracy": accuracy,
            "test_accuracy": accuracy,
        }


def run(measurers: dict[str, FakeMeasurer], finished: dict[str, Any], stop: int | None = None):
    records = []
    for record in TrialGrid(measurers, SPACE, parameters(), finished).run():
        records.append(record)
        if stop is not None and len(records) == stop:
            break
    return records


def test_every_dataset_is_measured_on_the_same_random_configurations() -> None:
    measurers = {name: FakeMeasurer(name) for name in ("a", "b")}
    records = run(measurers, {})
    assert len(records) == 2 * (6 + 2)
    assert measurers["a"].measured[:6] == measurers["b"].measured[:6]
    assert [record["proposer"] for record in records].count("bayesian") == 4
    # Both datasets see a configuration before the next one is begun.
    assert [record["dataset"] for record in records[:4]] == ["a", "b", "a", "b"]


@pytest.mark.parametrize("stop", [1, 7, 13, 15])
def test_a_stopped_grid_goes_on_without_losing_or_repeating_a_trial(stop: int) -> None:
    whole = run({name: FakeMeasurer(name) for name in ("a", "b")}, {})
    first = run({name: FakeMeasurer(name) for name in ("a", "b")}, {}, stop)
    kept = {record["trial_id"]: record for record in first}
    rest = run({name: FakeMeasurer(name) for name in ("a", "b")}, kept)
    assert [record["trial_id"] for record in first + rest] == [r["trial_id"] for r in whole]


def test_a_failed_trial_is_recorded_and_the_grid_goes_on() -> None:
    records = run({"bad": FakeMeasurer("bad", fails=True), "good": FakeMeasurer("good")}, {})
    by_status = [record["status"] for record in records]
    assert by_status.count("failed") == by_status.count("finished") == 8


def test_half_a_stored_trial_counts_as_not_measured(caplog: pytest.LogCaptureFixture) -> None:
    stored = {
        "a/1": lambda: {"trial_id": "1", "test_accuracy": 0.5},
        "a/2": lambda: json.loads('{"trial_id": "2", "test_acc'),
    }
    assert list(readable_records(stored)) == ["1"]
    assert "a/2" in caplog.text


def test_an_empty_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to measure"):
        parameters(0, 0)
