from metallmix_kedro.history import with_score
from metallmix_kedro.history.columns import LATER_COLUMNS
from metallmix_kedro.history.comparable import (
    comparable_trials,
    of_usual_image_size,
    same_setting,
)
from tests.made_history import made_history
from tests.trial_examples import declared_too


def test_what_does_not_compare_is_left_out():
    history = made_history(
        [
            {"trial_id": "random", "test_accuracy": 0.2},
            {"trial_id": "by_strategy", "proposer": "random_by_strategy", "test_accuracy": 0.6},
            {"trial_id": "guided", "proposer": "bayesian", "test_accuracy": 0.9},
            {"trial_id": "failed", "status": "failed"},
            {"trial_id": "paper", "source": "published", "proposer": "llm:x", "test_accuracy": 1.0},
        ]
    )
    trials = comparable_trials(history)
    assert trials["trial_id"].tolist() == ["random", "by_strategy"]
    assert trials["relative_score"].tolist() == [0, 1]
    assert trials["group"].tolist() == ["d", "d"]


def test_an_import_of_the_same_images_is_a_group_of_its_own():
    history = made_history(
        [
            {"test_accuracy": 0.2},
            {"test_accuracy": 0.3, "source": "imported", "proposer": "import:theirs"},
        ]
    )
    assert set(comparable_trials(history)["group"]) == {"d", "d (import:theirs)"}


def test_of_two_settings_the_more_frequent_stays_dataset_by_dataset():
    rows = [
        {"image_size": size, "dataset": dataset, "test_accuracy": 0.5}
        for dataset, size in [
            ("a", 96),
            ("a", 128),
            ("a", 96),
            ("b", 128),
            ("b", None),
            ("c", None),
        ]
    ]
    kept = same_setting(made_history(rows))
    sizes = kept.groupby("dataset")["image_size"].agg(lambda found: found.tolist())
    assert sizes["a"] == [96, 96]
    assert sizes["b"] == [128]  # equally frequent: the first
    assert len(sizes["c"]) == 1


def test_trials_of_different_levels_are_of_different_settings():
    rows = [{"level": level, "test_accuracy": 0.5} for level in ("100", "400", "100")]
    history = made_history(rows)
    assert same_setting(history)["level"].tolist() == ["100", "100"]
    # A history that was stored before there were levels.
    earlier = history.drop(columns=list(LATER_COLUMNS))
    assert len(same_setting(earlier)) == 3
    assert len(comparable_trials(earlier)) == 3


def test_failed_trials_do_not_make_a_setting_frequent():
    rows = [{"image_size": 128.0, "status": "failed"}] * 3 + [
        {"image_size": 96.0, "test_accuracy": 0.5}
    ]
    assert same_setting(made_history(rows))["image_size"].tolist() == [96]


def test_a_history_without_trials_of_ours_compares_nothing():
    paper = made_history([{"source": "published", "proposer": "llm:x", "test_accuracy": 1.0}])
    assert comparable_trials(paper).empty


def test_trials_with_all_images_are_not_outvoted_dataset_by_dataset():
    rows = [
        {"dataset": dataset, "level": level, "image_size": size, "test_accuracy": 0.5}
        for dataset, level, size in [
            *[("a", "100", 96)] * 5,
            ("a", "all", 96),
            ("a", "all", 128),
            ("a", "all", 128),
            *[("b", "100", 96)] * 2,
            ("b", None, 96),
        ]
    ]
    kept = same_setting(made_history(rows)).groupby("dataset")
    # Of two settings with all images, again the more frequent.
    assert kept["image_size"].agg(list)["a"] == [128, 128]
    assert kept["level"].agg(list).to_dict() == {"a": ["all", "all"], "b": ["100", "100"]}


def test_failed_trials_with_all_images_outvote_nobody():
    rows = [{"level": "all", "status": "failed"}, {"level": "100", "test_accuracy": 0.5}]
    assert same_setting(made_history(rows))["level"].tolist() == ["100"]


SIZES = made_history(
    [
        {"test_accuracy": 0.9, "image_size": 224.0},
        {"test_accuracy": 0.5, "image_size": 96.0},
        {"test_accuracy": 0.4, "image_size": 96.0},
        {"test_accuracy": 0.7, "image_size": 224.0, "dataset": "mine"},
        {"test_accuracy": 0.6, "image_size": 128.0, "dataset": "mine"},
        {"image_size": 128.0, "dataset": "mine", "status": "failed"},
        {"test_accuracy": 0.9, "source": "published", "proposer": "llm:x"},
        {"test_accuracy": 0.8, "image_size": 64.0, "source": "imported", "proposer": "import:x"},
    ]
)
"""Usual are 96; 224, of two that finished as often the first; no size at all; and 64."""


def test_trials_of_another_image_size_are_left_out():
    usual = [False, True, True, True, False, False, True, True]
    assert of_usual_image_size(SIZES).tolist() == usual
    scored = with_score(SIZES, "accuracy")
    assert scored.index.tolist() == [i for i, is_usual in enumerate(usual) if is_usual]
    assert scored["score"].notna().all()
    # Of what is left, nothing is left out.
    assert of_usual_image_size(scored).all()
    # In one size all over, and in a history that tells none, nothing is set aside.
    assert of_usual_image_size(SIZES.assign(image_size=96.0)).all()
    assert of_usual_image_size(SIZES.drop(columns="image_size")).all()
    with declared_too("image_size"):
        assert of_usual_image_size(SIZES).all()
