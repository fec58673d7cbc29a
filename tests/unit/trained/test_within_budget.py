"""A search within a budget: from the first trial to the winner, stopped and gone on with."""

import json
import re
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import WeightsError
from metallmix_kedro.surrogate import Outlook
from metallmix_kedro.trained.within_budget import search
from metallmix_kedro.trained.within_budget.pace import Cost, MeasuredPace
from metallmix_kedro.trained.within_budget.search import Search, SearchWithinBudget
from metallmix_kedro.trained.within_budget.trials import Measured
from metallmix_kedro.training import EnoughError, StoppedError
from tests.fabricated import SPACE

HEADS = [
    Configuration.from_mapping(row)
    for row in SPACE.restricted(strategy=["feature_extraction"], dense_units=[512], batch_size=[32])
    .frame()
    .to_dict("records")
]
EPOCHS = 5
STEP_S = 10.0


def score_of(place: int) -> float:
    return 0.5 + place / 200


class FakeTrials:
    """Trials that take ten seconds of a clock of their own, and are kept in a list."""

    seed, n_folds = 0, 2

    def __init__(self, stored: list[Measured]) -> None:
        self.stored = stored
        self.now_s = 0.0
        self.without_weights = ""
        self.stops_at = -1
        self.surprise = -1  # the number of a trial that takes ten times as long, and is better

    def read(self) -> list[Measured]:
        return list(self.stored)

    def kept_of(self, _: int) -> None:
        return None

    def measure(
        self,
        place: int,
        watch: Callable[[], None],
        used_s: Callable[[], float],
        is_enough: Callable[[list[float]], bool],
    ) -> Measured:
        """Train on two folds; the second is easier."""
        if HEADS[place].backbone == self.without_weights:
            raise WeightsError("There are none.")
        if len(self.stored) == self.stops_at:
            raise KeyboardInterrupt
        started_s, validated, surprises = self.now_s, [], len(self.stored) == self.surprise
        for fold in range(self.n_folds):
            for _ in range(EPOCHS):
                self.now_s += STEP_S / EPOCHS / self.n_folds * (10 if surprises else 1)
                try:
                    watch()
                except EnoughError:
                    if not validated:
                        raise
                    break
            else:
                validated.append(0.9 if surprises else score_of(place) + fold / 10)
                if not is_enough(validated):
                    continue
            break
        record = {
            "validation_accuracy": sum(validated) / len(validated),
            "training_time_s": STEP_S / self.n_folds,
            "n_folds": len(validated),
            "n_validation": 150,
            "learning_curves": json.dumps([[0.1, one] for one in validated]),
        }
        self.stored.append(Measured(place, record, self.now_s - started_s, 0.0, used_s()))
        return self.stored[-1]


class FakeForesight:
    configurations = HEADS
    first = range(0, len(HEADS), 2)
    rest = range(1, len(HEADS), 2)

    def after(self, _: Mapping[int, Any]) -> Outlook:
        n = len(HEADS)
        return Outlook(np.full(n, 0.5), np.zeros((0, n)), 0.01, np.zeros((n, 0)))

    def candidate(self, place: int) -> Any:
        return SimpleNamespace(configuration=HEADS[place])


def run(
    monkeypatch: pytest.MonkeyPatch, budget_s: float, trials: FakeTrials, finish_s: float = 5.3
) -> Search:
    monkeypatch.setattr(search, "time", SimpleNamespace(monotonic=lambda: trials.now_s))
    costs = [Cost(0.1, finish_s / 5.3, one.backbone) for one in HEADS]
    pace = MeasuredPace(costs, 4, 1.0, keeps=False)
    fakes: Any = FakeForesight(), trials, pace
    return SearchWithinBudget(*fakes, budget_s, began=trials.now_s).run()


def test_the_best_measured_wins_and_the_budget_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    found = run(monkeypatch, 200, FakeTrials([]))
    assert 0 < found.used_s <= 200
    best = max(found.tried, key=lambda one: one.score or 0.0)
    assert found.winner is not None
    assert found.winner.configuration == best.configuration
    assert found.tried[-1].leader == best.score
    assert len(found.records) == len(found.tried)


def test_a_search_that_was_stopped_goes_on_with_the_time_it_had_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, cut = FakeTrials([]), FakeTrials([])
    uninterrupted = run(monkeypatch, 200, whole)
    cut.stops_at = 3
    with pytest.raises(StoppedError, match="trials of the search"):
        run(monkeypatch, 200, cut)
    later = FakeTrials(cut.stored)
    later.now_s = 5000.0
    assert run(monkeypatch, 200, later) == uninterrupted
    assert later.stored == whole.stored


def test_what_falls_behind_is_given_up_after_the_folds_that_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trials = FakeTrials([])
    found = run(monkeypatch, 200, trials)
    best = -1
    for one, tried in zip(trials.stored, found.tried, strict=True):
        # A standard error of 150 images is less than 0.04, eight places.
        is_behind = one.place < best - 8
        assert one.record["n_folds"] == 1 or not is_behind
        assert one.record["n_folds"] == 2 or one.place < best - 4
        # On the easier fold it would have had as much more as what led.
        assert tried.score == pytest.approx(score_of(one.place) + 0.05)
        best = max(best, one.place)
        assert tried.leader == pytest.approx(score_of(best) + 0.05)
    assert {one.record["n_folds"] for one in trials.stored} == {1, 2}


def test_what_leads_on_the_folds_that_there_was_time_for_has_won(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trials = FakeTrials([])
    trials.surprise = 3
    found = run(monkeypatch, 130, trials)
    assert [one.record["n_folds"] for one in trials.stored][3:] == [1]
    assert found.winner is not None
    assert found.winner.configuration == HEADS[trials.stored[3].place]
    assert found.used_s <= 130


def test_a_step_that_takes_too_long_is_given_up_after_an_epoch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nothing is known of this machine before, and it is far slower than it should be.
    trials = FakeTrials([])
    found = run(monkeypatch, STEP_S / 2, trials, finish_s=0.0)
    assert found.winner is None
    assert found.used_s <= STEP_S / 2 + STEP_S / EPOCHS
    assert re.search("too short to try anything", " ".join(found.notes))


def test_a_backbone_without_weights_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = FakeTrials([])
    trials.without_weights = "Xception"
    found = run(monkeypatch, 200, trials)
    assert {one.configuration.backbone for one in found.tried} <= {
        "MobileNetV2_0.35",
        "EfficientNetLite0",
    }
    assert found.notes == ("Xception was not tried: There are none.",)
