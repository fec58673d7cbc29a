import pytest

from metallmix_kedro.history.comparable import comparable_trials
from metallmix_kedro.history.portrait.winners import find_winners
from tests.made_history import made_history


def trial(dataset, backbone, accuracy, units=512, strategy="full"):
    return {
        "dataset": dataset, "backbone": backbone, "test_accuracy": accuracy, "dense_units": units,
        "strategy": strategy, "dropout": 0.3, "optimizer": "adam", "learning_rate": 1e-4,
        "batch_size": 16,
    }  # fmt: skip


def winners(rows):
    return find_winners(comparable_trials(made_history(rows)))


def test_a_value_is_worth_what_its_configuration_chosen_on_other_datasets_scores():
    """The head of 1,024 units is lucky on a, and worse than the other on b and c."""
    rows = [
        *[trial(name, "often", score) for name, score in zip("abc", (0.7, 0.8, 0.9), strict=True)],
        *[trial(name, "often", score, units=1024)
          for name, score in zip("abc", (0.9, 0.5, 0.6), strict=True)],
        # What fails everywhere does not count against its backbone.
        *[trial(name, "often", 0.1, units=1536) for name in "abc"],
        *[trial(name, "once", 0.75) for name in "abc"],
    ]  # fmt: skip
    found = winners(rows)["a"]
    assert found["best"] == {
        "trial_id": "t0003", "score": 0.9, "backbone": "often", "strategy": "full",
    }  # fmt: skip
    assert found["by_backbone"]["often"] == {"n": 3, "best": 0.9, "best_on_average": 0.7}
    assert found["by_backbone"]["once"]["best_on_average"] == pytest.approx(0.75)


def test_a_configuration_that_few_others_measured_is_taken_only_where_there_is_no_other():
    often = [trial(name, "x", 0.6) for name in "abcd"]
    rare = [trial(name, "x", 0.9, units=1024) for name in "ab"]
    alone = [trial(name, "y", 0.5, units=1024) for name in "ab"]
    found = winners([*often, *rare, *alone])["a"]["by_backbone"]
    assert found["x"]["best_on_average"] == 0.6
    assert found["y"]["best_on_average"] == 0.5


def test_what_no_other_dataset_measured_is_not_told():
    found = winners([trial("a", "x", 0.6), trial("a", "y", 0.5), trial("b", "x", 0.7)])["a"]
    assert found["by_backbone"]["y"] == {"n": 1, "best": 0.5, "best_on_average": None}
    assert found["by_backbone"]["x"]["best_on_average"] == 0.6


def test_imported_trials_without_a_strategy_compare_backbones_only():
    rows = [{"backbone": name, "source": "imported", "proposer": "import:x", "test_accuracy": 0.5}
            for name in ("one", "two")]  # fmt: skip
    found = find_winners(comparable_trials(made_history(rows)))["d (import:x)"]
    assert set(found["by_backbone"]) == {"one", "two"}
    assert found["by_strategy"] == {}
    assert found["best"]["strategy"] is None
