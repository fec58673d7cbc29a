import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metallmix_kedro.grid.measuring import MeasuredDataset, Proposal, TrialMeasurer
from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.history import METRICS
from metallmix_kedro.history.columns import history_columns
from metallmix_kedro.support.errors import InputError, WeightsError
from metallmix_kedro.training import EnoughError, Watcher, trials
from metallmix_kedro.training.networks import BackboneStore, NetworkStore
from tests.trial_examples import (
    MOBILENET,
    configuration,
    declared_too,
    grid_parameters,
    grid_values,
    image_dataset,
    proposal,
)

pytest.importorskip("keras")

HEADS = [
    proposal(optimizer="sgd", learning_rate=rate, dropout=dropout)
    for rate, dropout in ((0.1, 0.0), (0.01, 0.3), (0.001, 0.5))
]


@pytest.fixture(scope="module")
def stores() -> tuple[BackboneStore, NetworkStore]:
    """What the measurers of a process share."""
    return BackboneStore({MOBILENET: "random:0"}, seed=5), NetworkStore()


@pytest.fixture
def dataset(tmp_path: Path) -> MeasuredDataset:
    return image_dataset(tmp_path / "images")


Make = Callable[..., TrialMeasurer]


@pytest.fixture
def make(
    stores: tuple[BackboneStore, NetworkStore], dataset: MeasuredDataset, tmp_path: Path
) -> Make:
    """Make a measurer of the dataset, with some parameters changed."""

    def made(of: MeasuredDataset = dataset, **changes: Any) -> TrialMeasurer:
        values = grid_values(tmp_path / "cache") | changes
        return TrialMeasurer(of, ExperimentGridParameters.model_validate(values), *stores)

    return made


def protocol(**changes: Any) -> dict[str, Any]:
    return {**grid_values()["protocol"], **changes}


def metrics(record: dict[str, Any]) -> dict[str, Any]:
    names = [*METRICS, *(f"{metric}_std" for metric in METRICS), "epochs_run"]
    return {name: record[name] for name in names}


def test_trials_trained_together_are_those_trained_alone(make: Make) -> None:
    together = make().measure(HEADS)
    alone = [record for one in HEADS for record in make().measure([one])]
    assert [record["trained_together"] for record in together] == [3, 3, 3]
    assert [record["trained_together"] for record in alone] == [1, 1, 1]
    for found, expected in zip(together, alone, strict=True):
        assert found["trial_id"] == expected["trial_id"]
        assert metrics(found) == metrics(expected)


def test_a_record_says_what_was_measured_and_how(make: Make, dataset: MeasuredDataset) -> None:
    measurer, one = make(), proposal("last_10")
    (record,) = measurer.measure([one])
    assert tuple(record) == history_columns()
    name, identified = measurer.identify(one)
    expected = {
        "trial_id": name,
        "dataset": "squares",
        "source": "measured",
        "proposer": "random",
        "status": "finished",
        "data_hash": dataset.data_hash,
        **one.configuration.as_dict(),
        **identified,
        **dataset.meta_features.model_dump(),
    }
    assert {key: record[key] for key in expected} == expected
    assert identified == {
        "image_size": 32,
        "subset_size": 24,
        "test_size": 12,
        "level": "all",
        "n_train": 15,
        "n_validation": 3,
        "n_folds": 2,
        "max_epochs": 2,
        "patience": 2,
        "freeze_batch_norm": True,
        "seed": 5,
        "weights_id": "random:0",
    }
    assert 1 <= record["epochs_run"] <= 2
    fitting = min(record["fit_time_s"], record["fit_cpu_s"])
    assert record["training_time_s"] == record["feature_time_s"] + fitting


LEARNED = {"n_train": 8, "seed": 6}


@pytest.mark.parametrize("where", [{}, {"n_train": 8}, {"seed": 6}, LEARNED])
@pytest.mark.parametrize("strategy", ["feature_extraction", "last_10"])
def test_a_record_tells_its_level_its_hits_and_its_learning_curves(
    make: Make, strategy: str, where: dict[str, int]
) -> None:
    measurer, one = make(), proposal(strategy, learning_rate=1e-2, **where)
    (record,) = measurer.measure([one])
    assert record["status"] == "finished", record["error"]
    splits = measurer.splits(one)
    assert len(splits) == record["n_folds"] == {"feature_extraction": 3, "last_10": 2}[strategy]
    assert record["level"] == ("8" if "n_train" in where else "all")
    learned = (8, 2) if "n_train" in where else (15, 3)
    assert {len(split.train) for split in splits} == {record["n_train"]}
    assert {len(split.validation) for split in splits} == {record["n_validation"]}
    assert (record["n_train"], record["n_validation"]) == learned
    assert record["seed"] == where.get("seed", 5)

    images, hits = json.loads(record["test_images"]), json.loads(record["test_hits"])
    of_folds = np.reshape(images, (-1, 2)).sum(axis=1)
    assert of_folds.tolist() == [len(split.test) for split in splits]
    assert record["test_size"] == sum(images)
    by_fold = np.reshape(hits, (-1, 2)).sum(axis=1) / of_folds
    assert record["test_accuracy"] == pytest.approx(by_fold.mean())
    assert record["test_accuracy_std"] == pytest.approx(by_fold.std())

    curves = json.loads(record["learning_curves"])
    assert len(curves) == len(splits)
    assert np.mean([len(curve) for curve in curves]) == record["epochs_run"]
    # The weights of the best epoch are those that are scored.
    best = np.mean([max(curve) for curve in curves])
    assert record["validation_accuracy"] == pytest.approx(best, abs=1e-4)


def test_a_trial_that_is_cut_short_is_one_of_fewer_folds(
    dataset: MeasuredDataset, stores: tuple[BackboneStore, NetworkStore], tmp_path: Path
) -> None:
    class SeenTwo(Watcher):
        seen = 0

        def split_ended(self, *_: object) -> None:
            self.seen += 1
            if self.seen == 2:
                raise EnoughError("Two folds are enough.")

    of_two = {"n_folds": {**grid_values()["protocol"]["n_folds"], "feature_extraction": 2}}
    records = []
    for protocol, watcher in (({}, SeenTwo()), (of_two, None)):
        values = grid_values(tmp_path / "cache")
        values["protocol"] |= protocol
        parameters = ExperimentGridParameters.model_validate(values)
        records += TrialMeasurer(dataset, parameters, *stores, watcher).measure(HEADS[:1])
    cut, whole = records
    assert cut["n_folds"] == len(json.loads(cut["learning_curves"])) == 2
    assert cut["status"] == "finished"
    assert (cut["trial_id"], cut["test_hits"]) == (whole["trial_id"], whole["test_hits"])


def test_another_level_or_seed_is_another_trial(make: Make) -> None:
    measurer = make()
    where = [{}, {"n_train": 8}, {"n_train": 4}, {"seed": 6}, LEARNED]
    names = [measurer.identify(proposal(**one))[0] for one in where]
    assert len(set(names)) == len(names)
    assert names == [make().identify(proposal(**one))[0] for one in where]
    metrics_of = [metrics(measurer.measure([proposal(**one)])[0]) for one in where]
    assert len({str(found) for found in metrics_of}) > 1


@pytest.mark.parametrize("strategy", ["feature_extraction", "last_10"])
def test_the_seed_is_that_of_the_order_and_of_the_first_weights(
    make: Make, monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    seen: list[tuple[int, list[np.ndarray]]] = []

    def watched(network: Any, *arguments: Any) -> None:
        *_, schedule, _watcher = arguments
        seen.append((schedule.seed, [np.asarray(weight).copy() for weight in network.weights()]))
        raise RuntimeError("enough seen")

    monkeypatch.setattr(trials, "train_splits", watched)
    for seed in (5, 6, 5):
        make().measure([proposal(strategy, seed=seed)])
    assert [seed for seed, _ in seen] == [5, 6, 5]
    first, other, again = (weights for _, weights in seen)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_who_proposed_it_does_not_change_what_a_trial_is(make: Make) -> None:
    one = Proposal(configuration(), "named", None, 5)
    assert make().identify(one) == make().identify(proposal())


def test_a_smaller_level_trains_on_a_part_of_the_larger(make: Make) -> None:
    measurer = make()
    for strategy in ("feature_extraction", "last_10", "full"):
        of_levels = [measurer.splits(proposal(strategy, n)) for n in (4, 8, None)]
        for smaller, larger in itertools.pairwise(of_levels):
            for few, many in zip(smaller, larger, strict=True):
                assert set(few.train) < set(many.train)
                assert set(few.validation) <= set(many.validation)
                assert few.test.tolist() == many.test.tolist()


def test_all_strategies_learn_from_the_same_images_of_a_fold(make: Make) -> None:
    measurer = make()
    heads, tuned = measurer.splits(proposal(n_train=8)), measurer.splits(proposal("last_10", 8))
    for one, other in zip(heads[:2], tuned, strict=True):
        assert one.train.tolist() == other.train.tolist()


@pytest.mark.parametrize(
    ("n_train", "has"), [(None, True), (2, False), (3, True), (12, True), (13, False)]
)
def test_a_level_needs_clearly_more_images_than_it_has(
    make: Make, n_train: int | None, has: bool
) -> None:
    """Of 24 images 15 train: three of four folds, without one image of each of three classes."""
    assert make().n_images == 24
    assert make().has_level(n_train) is has


def test_images_beyond_the_subset_are_not_there(make: Make) -> None:
    measurer = make(protocol=protocol(subset_size=12))
    assert measurer.n_images == 12
    assert not measurer.has_level(6)


def test_features_cost_what_those_of_the_images_learned_from_do(make: Make) -> None:
    """Nobody who trains once computes features of images that only test."""
    (whole,) = make().measure([proposal()])
    (few,) = make().measure([proposal(n_train=4)])
    assert few["feature_time_s"] == pytest.approx(whole["feature_time_s"] * (4 + 1) / 18)


def test_a_trial_is_the_same_whatever_went_before_it_and_wherever_its_features_are(
    make: Make, tmp_path: Path
) -> None:
    one = proposal("last_10", learning_rate=1e-2)
    (first,) = make().measure([one])
    make().measure([proposal("last_10", learning_rate=1e-4)])
    shutil.rmtree(tmp_path / "cache")
    on_disk = {"root": str(tmp_path / "cache"), "max_disk_gb": 1, "max_memory_gb": 1e-9}
    (again,) = make(cache=on_disk).measure([one])
    assert metrics(again) == metrics(first)
    assert again["trial_id"] == first["trial_id"]


def test_full_fine_tuning_has_no_features_to_compute(make: Make) -> None:
    (record,) = make().measure([proposal("full")])
    assert record["status"] == "finished"
    assert record["feature_time_s"] == 0.0


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": protocol(image_size=40)},
        {"protocol": protocol(patience=3)},
        {"protocol": protocol(subset_size=12)},
        {"protocol": protocol(validation_share=0.5)},
        {"protocol": protocol(min_tested=dict.fromkeys(protocol()["n_folds"], 20))},
        {"protocol": protocol(freeze_batch_norm=False)},
        {"protocol": protocol(n_folds=dict.fromkeys(protocol()["n_folds"], 4))},
        {"protocol": protocol(max_epochs=dict.fromkeys(protocol()["max_epochs"], 9))},
    ],
)
def test_another_protocol_is_another_trial(make: Make, change: dict[str, Any]) -> None:
    base, _ = make().identify(proposal())
    assert make(**change).identify(proposal())[0] != base


@pytest.mark.parametrize(
    "change",
    [
        {"n_random": 9},
        {"heads_at_once": 1},
        {"head_weights_at_once": 1},
        {"executor": "processes"},
        {"n_workers": 3},
    ],
)
def test_how_the_grid_runs_does_not_change_what_a_trial_is(
    make: Make, change: dict[str, Any]
) -> None:
    assert make(**change).identify(proposal()) == make().identify(proposal())


@pytest.mark.parametrize("strategy", ["feature_extraction", "full"])
def test_what_is_off_changes_neither_the_name_nor_the_scores(make: Make, strategy: str) -> None:
    (plain,) = make().measure([proposal(strategy)])
    with declared_too("image_size", "weight_decay", "augmentation"):
        off = {"image_size": 32, "weight_decay": 0, "augmentation": "none"}
        (same,) = make().measure([proposal(strategy, **off)])
        assert same["trial_id"] == plain["trial_id"]
        assert metrics(same) == metrics(plain)
        assert {name: same[name] for name in off} == off
        for name, value in (("image_size", 48), ("weight_decay", 0.1)):
            other = proposal(strategy, **{**off, name: value})
            assert make().identify(other)[0] != plain["trial_id"]


def test_a_searched_image_size_is_that_of_the_features_and_of_the_record(
    make: Make, tmp_path: Path
) -> None:
    with declared_too("image_size"):
        first, second = (proposal(image_size=size) for size in (32, 48))
        (record,) = make().measure([first])
        before = set((tmp_path / "cache").iterdir())
        (larger,) = make().measure([second])
        assert [record["image_size"], larger["image_size"]] == [32, 48]
        assert len(set((tmp_path / "cache").iterdir()) - before) == 2  # pixels and features
        protocol_s = make(protocol=protocol(image_size=48)).identify(proposal(image_size=48))
        assert larger["trial_id"] == protocol_s[0]


def test_augmentation_and_decay_are_other_trials_with_other_outcomes(make: Make) -> None:
    with declared_too("weight_decay", "augmentation"):
        given = [
            proposal("full", learning_rate=1e-2, weight_decay=decay, augmentation=how)
            for decay, how in ((0, "none"), (5, "none"), (0, "light"), (0, "strong"))
        ]
        records = [record for one in given for record in make().measure([one])]
        assert {record["status"] for record in records} == {"finished"}, records
        assert len({record["trial_id"] for record in records}) == 4
        (again,) = make().measure([given[3]])
        assert metrics(again) == metrics(records[3])


def test_trials_of_another_base_seed_have_other_names(make: Make) -> None:
    """It draws the images that are used, whatever the trial's own seed is."""
    names = [
        make(seed=base).identify(proposal(seed=seed))[0]
        for base, seed in ((42, 42), (42, 43), (43, 43), (41, 43))
    ]
    assert len(set(names)) == 4


def test_with_the_default_base_seed_names_are_those_of_the_first_trials(make: Make) -> None:
    """Thousands of stored trials would else be measured again."""
    names = [make(seed=42).identify(proposal(seed=seed))[0] for seed in (42, 43)]
    assert names == ["squares-96c230244b24", "squares-1ec007233144"]


def test_other_images_or_labels_are_another_trial(make: Make, dataset: MeasuredDataset) -> None:
    fields = ("name", "manifest", "root", "meta_features", "data_hash")
    values = {name: getattr(dataset, name) for name in fields}
    changed = MeasuredDataset(**{**values, "data_hash": "another"})
    assert make(changed).identify(proposal())[0] != make().identify(proposal())[0]


def test_no_more_heads_are_trained_together_than_are_fast(make: Make) -> None:
    n_features = 1280
    two = 2 * n_features * HEADS[0].configuration.dense_units
    records = make(head_weights_at_once=two).measure(HEADS)
    assert [record["trained_together"] for record in records] == [2, 2, 1]
    records = make(head_weights_at_once=1).measure(HEADS)
    assert [record["trained_together"] for record in records] == [1, 1, 1]


def fail_for(
    monkeypatch: pytest.MonkeyPatch, is_hit: Callable[[list], bool], error: Exception
) -> None:
    """Let training fail wherever one of some proposals takes part."""
    train = TrialMeasurer._train

    def failing(self: TrialMeasurer, proposals: list) -> Any:
        if is_hit(proposals):
            raise error
        return train(self, proposals)

    monkeypatch.setattr(TrialMeasurer, "_train", failing)


def test_of_trials_trained_together_only_the_one_that_fails_does(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = make().measure(HEADS)
    fail_for(monkeypatch, lambda given: HEADS[1] in given, RuntimeError("out of\nmemory"))
    records = make().measure(HEADS)
    assert [record["status"] for record in records] == ["finished", "failed", "finished"]
    assert records[1]["error"] == "RuntimeError: out of memory"
    assert records[1]["test_accuracy"] is None
    for number in (0, 2):
        assert metrics(records[number]) == metrics(expected[number])
    assert [record["trial_id"] for record in records] == [r["trial_id"] for r in expected]


def test_what_all_trials_need_is_not_a_failure_of_one(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_for(monkeypatch, lambda _: True, InputError("an image has gone"))
    with pytest.raises(InputError, match="an image has gone"):
        make().measure(HEADS)


def test_an_image_that_has_changed_stops_the_grid(make: Make, dataset: MeasuredDataset) -> None:
    path = dataset.root / dataset.manifest["path"][3]
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(InputError, match=r"003\.png.* has changed"):
        make().measure([proposal("last_10")])


def test_missing_weights_are_an_error_before_anything_is_measured(
    dataset: MeasuredDataset, tmp_path: Path
) -> None:
    parameters = grid_parameters(tmp_path / "cache")
    backbones = BackboneStore({MOBILENET: "nowhere.weights.h5"}, seed=5)
    measurer = TrialMeasurer(dataset, parameters, backbones, NetworkStore())
    with pytest.raises(WeightsError, match=r"nowhere\.weights\.h5"):
        measurer.measure([proposal()])


def test_a_failed_trial_is_named_as_if_it_had_been_measured(make: Make) -> None:
    measurer, one = make(), Proposal(configuration(), "bayesian", 8, 6)
    record = measurer.failed(one, MemoryError("4 workers died"))
    assert record["trial_id"] == measurer.identify(one)[0]
    assert (record["status"], record["proposer"]) == ("failed", "bayesian")
    assert record["error"] == "MemoryError: 4 workers died"


def test_the_size_of_images_is_the_backbones_own_unless_one_is_given(make: Make) -> None:
    own = make(protocol=protocol(image_size=None))
    assert own.identify(proposal())[1]["image_size"] == 224


def test_a_network_serves_all_trials_that_differ_only_in_scalars(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make().measure(HEADS)
    make().measure([proposal("last_10", learning_rate=1e-3)])
    for name in ("HeadsNetwork", "FineTunedNetwork"):
        monkeypatch.setattr(trials, name, lambda *_: pytest.fail("it was built before"))
    others = [proposal(optimizer="sgd", learning_rate=0.5, dropout=0.1)] * 3
    assert {record["status"] for record in make().measure(others)} == {"finished"}
    (record,) = make().measure([proposal("last_10", learning_rate=1e-5)])
    assert record["status"] == "finished"
