"""The tuning set: recorded outcomes as examples, split by dataset."""

import json
import sys
from typing import Any

import pytest

from metallmix_kedro.evaluation.parameters import EvaluationParameters
from metallmix_kedro.evaluation.protocols.replay import ReplayTable, replay_tables
from metallmix_kedro.evaluation.protocols.task import Settings
from metallmix_kedro.history import History
from metallmix_kedro.history.objective import with_score
from metallmix_kedro.judging import left_out
from metallmix_kedro.judging.left_out import LeftOutDataset
from metallmix_kedro.judging.tuning_set import build_tuning_set
from metallmix_kedro.judging.tuning_set import test_datasets as held_for_testing
from metallmix_kedro.language_models.ballots import LETTERS
from metallmix_kedro.surrogate.parameters import MetaLearningParameters
from tests.fabricated import fabricate_history
from tests.unit.judging.test_ablation import TEXTS, settings

HELD_BACK = "fabricated_2"


def wanted() -> Settings:
    made = settings("http://127.0.0.1:1")
    evaluation = EvaluationParameters.model_validate(
        {
            "held_back": [HELD_BACK],
            "tuning_set": {"n_choices": 8, "n_explanations": 1, "test_share": 0.3},
        }
    )
    quick = {"n_rounds": 20, "eta": 0.2}
    learning = MetaLearningParameters.model_validate(
        {"max_folds": 3, "score_model": quick, "time_model": quick}
    )
    return Settings(evaluation, learning, made.recommendation, made.retrieval)


@pytest.fixture(scope="module")
def history() -> History:
    return History(with_score(fabricate_history(n_datasets=6, n_trials=20), "accuracy"))


@pytest.fixture(scope="module")
def learned_from() -> dict[str, set[str]]:
    """Which datasets the examples of each are made from, filled by `made`."""
    return {}


@pytest.fixture(scope="module")
def made(history: History, learned_from: dict[str, set[str]]) -> dict[str, Any]:
    def leave_out(known: History, table: ReplayTable, asked: Settings) -> LeftOutDataset:
        learned_from[table.dataset] = set(known.table["dataset"])
        return left_out.leave_out(known, table, asked)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys.modules[build_tuning_set.__module__], "leave_out", leave_out)
        return build_tuning_set(history, wanted(), TEXTS.decision, "2026-01-01")


def lines(made: dict[str, Any], split: str, task: str = "choice") -> list[dict[str, Any]]:
    every = [json.loads(line) for line in made[split].splitlines()]
    return [one for one in every if one["task"] == task]


def test_the_reply_is_the_best_recorded_and_not_always_the_surrogates_first(made, history):
    regrets = {t.dataset: set(t.regrets.round(4)) for t in replay_tables(history, "measured", 5)[0]}
    choices = lines(made, "train") + lines(made, "test")
    for one in choices:
        assert [m["role"] for m in one["messages"]] == ["system", "user", "assistant"]
        letter = json.loads(one["messages"][-1]["content"])["choice"]
        assert one["regrets"][LETTERS.index(letter)] == min(one["regrets"])
        assert set(one["regrets"]) <= regrets[one["dataset"]]
        assert len(one["regrets"]) == len(one["predicted"]) == 5
    assert 0.1 < made["card"]["splits"]["train"]["surrogate_is_best"] < 0.9
    letters = {one["messages"][-1]["content"] for one in choices}
    assert len(letters) == 5


def test_what_is_tested_is_asked_in_every_order(made):
    listed: dict[str, list[list[float]]] = {}
    for one in lines(made, "test"):
        listed.setdefault(one["list"], []).append(one["regrets"])
    for first, *others in listed.values():
        assert others == [[*first[k:], *first[:k]] for k in range(1, 5)]
    assert len(lines(made, "train")) == len({one["list"] for one in lines(made, "train")})


def test_the_split_is_by_dataset_and_holds_for_what_is_learned_from(made, learned_from):
    splits = made["card"]["splits"]
    train, test = (set(splits[split]["datasets"]) for split in ("train", "test"))
    assert {*train, *test} == {f"fabricated_{n}" for n in range(6)} - {HELD_BACK}
    assert len(test) == 2
    assert all(known == train for name, known in learned_from.items() if name in train)
    assert all(known == train | test for name, known in learned_from.items() if name in test)


def test_the_card_counts_what_is_there(made):
    card = made["card"]
    assert card["history"] == "2026-01-01"
    assert card["prompt_sha256"] == TEXTS.decision.sha256
    for split, counted in card["splits"].items():
        assert counted["n_choices"] == len(lines(made, split))
        assert counted["n_explanations"] == len(lines(made, split, "explanation"))
        assert counted["regret_best"] <= counted["regret_surrogate"]


def test_the_same_seed_gives_the_same_bytes(history, made):
    assert build_tuning_set(history, wanted(), TEXTS.decision, "2026-01-01") == made


def test_datasets_that_share_images_are_on_one_side_and_another_one_changes_little():
    names = [f"d{number}" for number in range(40)]
    pairs = [frozenset({"d0", "d1"}), frozenset({"d2", "d3", "d39"})]
    for seed in range(20):
        test = held_for_testing(names, pairs, 0.25, seed)
        assert 10 <= len(test) <= 12
        assert all(len(pair & test) in (0, len(pair)) for pair in pairs)
        assert len(test ^ held_for_testing([*names, "new"], pairs, 0.25, seed)) <= 3
    assert len({held_for_testing(names, pairs, 0.25, seed) for seed in range(20)}) > 15


def test_enough_is_left_to_learn_from():
    assert len(held_for_testing(["a", "b", "c", "d"], (), 0.9, 0)) == 1
