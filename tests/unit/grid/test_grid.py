import hashlib
import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.declared import hyperparameter
from metallmix_kedro.grid import search
from metallmix_kedro.grid.bundles import Bundle
from metallmix_kedro.grid.executors import WorkerLostError
from metallmix_kedro.grid.grid import TrialGrid
from metallmix_kedro.grid.measuring import Proposal
from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.grid.plan import Plan
from metallmix_kedro.grid.proposals import random_configurations
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.support.errors import WeightsError
from tests.fabricated import SPACE
from tests.trial_examples import BY_STRATEGY, grid_parameters

Record = dict[str, Any]
NAMES = ("roses", "tulips")
FEW = SearchSpace(
    backbone=("MobileNetV2_0.35",),
    strategy=("feature_extraction", "last_10"),
    dense_units=(8,),
    dropout=(0.3, 0.5),
    optimizer=("adam", "sgd"),
    learning_rate=(1e-3, 1e-4),
    batch_size=(16,),
)
"""So few configurations that a search often proposes one of the random ones."""
SMALL = {
    "n_random": 5,
    "n_random_by_strategy": {**BY_STRATEGY, "last_10": 2},
    "n_initial": 3,
    "n_bayesian": 4,
    "heads_at_once": 3,
}


class FakeMeasurer:
    """Names trials, and knows how they would end: better the higher the learning rate."""

    def __init__(
        self,
        dataset: str,
        failing: str | None = None,
        weights_id: str = "w1",
        n_images: int = 1000,
    ) -> None:
        self._dataset, self._failing, self._weights_id = dataset, failing, weights_id
        self.n_images = n_images

    def has_level(self, n_train: int | None) -> bool:
        return n_train is None or n_train < self.n_images

    def identify(self, proposal: Proposal) -> tuple[str, Record]:
        configuration, n_train, seed = proposal.trial
        where = f"{configuration.id}-{n_train}-{seed}"
        return f"{self._dataset}-{where}-{self._weights_id}", {}

    def failed(self, proposal: Proposal, error: Exception) -> Record:
        record = self._record(proposal, "failed", None)
        return {**record, "error": f"{type(error).__name__}: {error}"}

    def measure(self, proposals: Sequence[Proposal]) -> list[Record]:
        return [
            self.failed(one, ValueError("made to fail"))
            if one.configuration.optimizer == self._failing
            else self._record(one, "finished", score(self._dataset, one))
            for one in proposals
        ]

    def _record(self, proposal: Proposal, status: str, accuracy: float | None) -> Record:
        return {
            "trial_id": self.identify(proposal)[0],
            "dataset": self._dataset,
            "proposer": proposal.proposer,
            "n_train": proposal.n_train,
            "seed": proposal.seed,
            "weights_id": self._weights_id,
            "status": status,
            "error": None,
            "validation_accuracy": accuracy,
            "test_accuracy": accuracy,
        }


def score(dataset: str, proposal: Proposal) -> float:
    configuration, *where = proposal.trial
    text = f"{dataset}{configuration.id}{where}"
    return int(hashlib.sha256(text.encode()).hexdigest()[:4], 16) / 2**16


class FakeExecutor:
    """Measures several bundles at a time, which end in any order; on some, workers die.

    Parameters
    ----------
    measurers : mapping
        What the workers measure with.
    room : int
        Bundles that are in hand at a time.
    seed : int or None
        Seed of the order in which they end; None: as they were submitted.
    deadly : collection
        Datasets and configurations that kill the worker.
    """

    def __init__(
        self,
        measurers: Mapping[str, FakeMeasurer],
        room: int = 1,
        seed: int | None = None,
        deadly: Collection[tuple[str, Configuration]] = (),
    ) -> None:
        self.submitted: list[Bundle] = []
        self._in_hand: list[Bundle] = []
        self._measurers, self._room, self._deadly = measurers, room, deadly
        self._chance = None if seed is None else random.Random(seed)  # noqa: S311

    @property
    def has_room(self) -> bool:
        return len(self._in_hand) < self._room

    def submit(self, bundle: Bundle) -> None:
        assert self.has_room
        self.submitted.append(bundle)
        self._in_hand.append(bundle)

    def next_result(self) -> tuple[Bundle, list[Record] | WorkerLostError]:
        number = 0 if self._chance is None else self._chance.randrange(len(self._in_hand))
        bundle = self._in_hand.pop(number)
        trials = {(bundle.dataset, one.configuration) for one in bundle.proposals}
        if trials & set(self._deadly):
            return bundle, WorkerLostError("4 workers died")
        return bundle, self._measurers[bundle.dataset].measure(bundle.proposals)


class FakeSearch:
    """Proposes by chance that depends on all it was told, in its order."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._space, self._told = space, [str(seed)]
        self._known: set[Configuration] = set()

    def tell(self, configuration: Configuration, validation_accuracy: float) -> None:
        self._known.add(configuration)
        self._told.append(f"{configuration.id} {validation_accuracy}")

    def ask(self) -> tuple[Configuration, str]:
        seed = int(hashlib.sha256("\n".join(self._told).encode()).hexdigest()[:8], 16)
        everything = random_configurations(self._space, self._space.size, seed)
        return next(found for found in everything if found not in self._known), "bayesian"


BAYESIAN_SEARCH = search.BayesianSearch
LEVELS = {
    **SMALL,
    "configurations": [
        {
            "backbone": "MobileNetV2_0.35",
            "strategy": ["feature_extraction", "last_10"],
            "dense_units": 8,
            "dropout": 0.3,
            "optimizer": ["adam", "sgd"],
            "learning_rate": 1e-3,
            "batch_size": 16,
        }
    ],
    "levels": [
        {"n_train": None, "n_repeated": {**BY_STRATEGY, "feature_extraction": 1}},
        {"n_train": 400, "n_configurations": {**BY_STRATEGY, "feature_extraction": 2}},
        {"n_train": 100, "n_configurations": {**BY_STRATEGY, "last_10": 3}},
    ],
    "n_seeds": 2,
    "second_split_below": 200,
}
"""A grid of several levels and seeds; one dataset is too small for most of it."""
SIZES = {"roses": 1000, "tulips": 150}


@pytest.fixture(autouse=True, scope="module")
def _quick_search() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "BayesianSearch", FakeSearch)
        yield


def measurers(**options: Any) -> dict[str, FakeMeasurer]:
    return {name: FakeMeasurer(name, **options) for name in NAMES}


def run(
    parameters: ExperimentGridParameters,
    finished: Mapping[str, Record] | None = None,
    *,
    stop: int | None = None,
    space: SearchSpace = FEW,
    executor: FakeExecutor | None = None,
    of: Mapping[str, FakeMeasurer] | None = None,
) -> list[Record]:
    """Run a grid to its end, or until `stop` records have come."""
    of = of or measurers()
    grid = TrialGrid(of, space, parameters, finished or {})
    records = []
    for record in grid.run(executor or FakeExecutor(of)):
        records.append(record)
        if len(records) == stop:
            break
    return records


def ids(records: Sequence[Record]) -> list[str]:
    return sorted(record["trial_id"] for record in records)


def by_id(records: Iterable[Record]) -> dict[str, Record]:
    return {record["trial_id"]: record for record in records}


def configurations(bundles: Sequence[Bundle], dataset: str) -> list[Configuration]:
    return [
        one.configuration
        for bundle in bundles
        if bundle.dataset == dataset
        for one in bundle.proposals
    ]


def test_every_dataset_is_measured_on_the_same_random_configurations() -> None:
    executor = FakeExecutor(measurers())
    parameters = grid_parameters(n_random=40, n_bayesian=0)
    records = run(parameters, space=SPACE, executor=executor)
    assert len(records) == 2 * 40
    first, second = (configurations(executor.submitted, name) for name in NAMES)
    assert first == second
    assert set(first) == set(random_configurations(SPACE, 40, parameters.seed))
    # A bundle is measured on all datasets before the next, cheap strategies first.
    assert [bundle.dataset for bundle in executor.submitted[:4]] == [*NAMES, *NAMES]
    costs = [
        hyperparameter("strategy").ranks.index(configuration.strategy) for configuration in first
    ]
    assert costs == sorted(costs)


def test_each_kind_of_trial_has_its_count_and_its_proposer() -> None:
    parameters = grid_parameters(
        n_random=6, n_random_by_strategy={**BY_STRATEGY, "last_10": 3, "full": 1}, n_bayesian=2
    )
    grid = TrialGrid(measurers(), SPACE, parameters, {})
    records = list(grid.run(FakeExecutor(measurers())))
    assert grid.size == len(records) == 2 * (6 + 4 + 2)
    assert Counter(record["proposer"] for record in records) == {
        "random": 12,
        "random_by_strategy": 8,
        "bayesian": 4,
    }
    assert len(set(ids(records))) == len(records)


@pytest.mark.parametrize("chosen", [("tulips",), (), None])
def test_a_search_is_made_for_the_datasets_chosen(chosen: tuple[str, ...] | None) -> None:
    parameters = grid_parameters(n_random=4, n_bayesian=2, bayesian_datasets=chosen)
    grid = TrialGrid(measurers(), SPACE, parameters, {})
    records = list(grid.run(FakeExecutor(measurers())))
    searched = Counter(r["dataset"] for r in records if r["proposer"] == "bayesian")
    assert searched == dict.fromkeys(NAMES if chosen is None else chosen, 2)
    assert grid.size == len(records)


def test_searches_of_all_datasets_go_on_side_by_side() -> None:
    parameters = grid_parameters(n_random=4, n_bayesian=3)
    records = run(parameters, space=SPACE)
    searched = [r["dataset"] for r in records if r["proposer"] == "bayesian"]
    assert searched == [*NAMES, *NAMES, *NAMES]


def test_a_search_waits_for_its_initial_trials_and_for_each_of_its_own() -> None:
    parameters = grid_parameters(n_random=6, n_initial=4, n_bayesian=3)
    initial = set(random_configurations(SPACE, 4, parameters.seed))
    ended: set[tuple[str, Configuration]] = set()
    own: dict[str, list[Configuration]] = {name: [] for name in NAMES}

    class Watched(FakeExecutor):
        def submit(self, bundle: Bundle) -> None:
            super().submit(bundle)
            for one in bundle.proposals:
                if one.proposer == "bayesian":
                    needed = initial | set(own[bundle.dataset])
                    assert {(bundle.dataset, needs) for needs in needed} <= ended
                    own[bundle.dataset].append(one.configuration)

        def next_result(self) -> tuple[Bundle, list[Record] | WorkerLostError]:
            bundle, outcome = super().next_result()
            ended.update((bundle.dataset, one.configuration) for one in bundle.proposals)
            return bundle, outcome

    records = run(parameters, space=SPACE, executor=Watched(measurers(), room=50, seed=1))
    assert len(records) == 2 * 9
    assert [len(found) for found in own.values()] == [3, 3]


@pytest.mark.parametrize("stop", [1, 9, 14, 17])
def test_a_stopped_grid_goes_on_with_the_trial_that_was_next(stop: int) -> None:
    parameters = grid_parameters(n_random=6, n_bayesian=3)
    whole = run(parameters, space=SPACE)
    first = run(parameters, space=SPACE, stop=stop)
    rest = run(parameters, by_id(first), space=SPACE)
    assert by_id([*first, *rest]) == by_id(whole)
    assert len(first) + len(rest) == len(whole)


@settings(max_examples=40)
@given(
    stops=st.lists(st.integers(1, 12), max_size=3),
    room=st.integers(1, 9),
    seed=st.integers(0, 10_000),
    deadly=st.sets(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(random_configurations(FEW, 16, 0))),
        max_size=4,
    ),
    values=st.sampled_from([SMALL, LEVELS]),
)
def test_however_it_runs_and_is_stopped_a_grid_has_the_same_trials(
    stops: list[int],
    room: int,
    seed: int,
    deadly: set[tuple[str, Configuration]],
    values: dict[str, Any],
) -> None:
    """None is lost, none measured twice, whatever ends first and whichever workers die."""
    parameters, of = grid_parameters(**values), of_two_sizes()
    expected = run(parameters, executor=FakeExecutor(of, deadly=deadly), of=of)
    found: list[Record] = []
    for stop in [*stops, None]:
        executor = FakeExecutor(of, room, seed, deadly)
        found += run(parameters, by_id(found), stop=stop, executor=executor, of=of)
    assert len(set(ids(found))) == len(found)
    assert trials(found) == trials(expected)
    for record in found:
        assert record["status"] == ("failed" if is_deadly(record, deadly) else "finished")


def of_two_sizes() -> dict[str, FakeMeasurer]:
    return {name: FakeMeasurer(name, n_images=size) for name, size in SIZES.items()}


def test_a_level_is_measured_where_there_are_images_for_it_and_with_its_seeds() -> None:
    parameters, of = grid_parameters(**{**LEVELS, "n_bayesian": 0, "n_random": 4}), of_two_sizes()
    executor = FakeExecutor(of)
    records = run(parameters, executor=executor, of=of)
    for name in NAMES:
        planned = Plan(FEW, parameters).proposals(of[name])
        done = [one for b in executor.submitted if b.dataset == name for one in b.proposals]
        assert Counter(one.trial for one in done) == Counter(one.trial for one in planned)
    assert {one["n_train"] for one in records if one["dataset"] == "roses"} == {None, 400, 100}
    assert {one["n_train"] for one in records if one["dataset"] == "tulips"} == {None, 100}
    assert len(set(ids(records))) == len(records)
    assert {one["seed"] for one in records} == {parameters.seed, parameters.seed + 1}


def test_a_search_is_told_of_trials_with_all_images_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one configuration trials of several levels and seeds are known."""
    told: list[tuple[Configuration, float]] = []

    class Listening(FakeSearch):
        def tell(self, configuration: Configuration, validation_accuracy: float) -> None:
            told.append((configuration, validation_accuracy))
            super().tell(configuration, validation_accuracy)

    monkeypatch.setattr(search, "BayesianSearch", Listening)
    parameters = grid_parameters(**{**LEVELS, "bayesian_datasets": ("roses",)})
    of = of_two_sizes()
    records = by_id(run(parameters, of=of))
    assert len(told) == parameters.n_initial + parameters.n_bayesian - 1
    for configuration, accuracy in told:
        trial = Proposal(configuration, "", None, parameters.seed)
        assert records[of["roses"].identify(trial)[0]]["validation_accuracy"] == accuracy


def trials(records: Sequence[Record]) -> set[tuple[str, float | None]]:
    return {(record["trial_id"], record["test_accuracy"]) for record in records}


def is_deadly(record: Record, deadly: Collection[tuple[str, Configuration]]) -> bool:
    return any(record["trial_id"].startswith(f"{name}-{one.id}-") for name, one in deadly)


def test_of_a_bundle_that_kills_its_worker_the_others_are_measured() -> None:
    parameters = grid_parameters(**{**SMALL, "n_bayesian": 0, "n_random": 16})
    executor = FakeExecutor(measurers())
    run(parameters, executor=executor)
    bundle = next(bundle for bundle in executor.submitted if len(bundle.proposals) == 3)
    victim = (bundle.dataset, bundle.proposals[1].configuration)

    executor = FakeExecutor(measurers(), deadly={victim})
    records = run(parameters, executor=executor)
    start = executor.submitted.index(bundle)
    alone = executor.submitted[start + 1 : start + 4]
    assert {one.proposals for one in alone} == {(one,) for one in bundle.proposals}
    (failed,) = [record for record in records if record["status"] == "failed"]
    assert failed["trial_id"] == measurers()[victim[0]].identify(bundle.proposals[1])[0]
    assert failed["error"] == "WorkerLostError: 4 workers died"
    assert len(records) == 2 * 16


def test_trials_that_fail_are_recorded_named_and_not_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    parameters = grid_parameters(**SMALL)
    failing = measurers(failing="sgd")
    records = run(parameters, executor=FakeExecutor(failing))
    failed = [record for record in records if record["status"] == "failed"]
    assert 0 < len(failed) < len(records)
    for record in failed:
        assert f"Trial {record['trial_id']} failed: ValueError: made to fail" in caplog.text
    executor = FakeExecutor(failing)
    assert run(parameters, by_id(records), executor=executor) == []
    assert executor.submitted == []


def test_what_the_history_holds_is_not_measured_again_but_told_to_the_search() -> None:
    parameters = grid_parameters(**SMALL)
    whole = run(parameters)
    known = by_id(record for record in whole if record["dataset"] == "roses")
    for record in known.values():
        record["dense_units"] = 8.0  # as a history gives it
    executor = FakeExecutor(measurers())
    rest = run(parameters, known, executor=executor)
    assert {bundle.dataset for bundle in executor.submitted} == {"tulips"}
    assert ids([*known.values(), *rest]) == ids(whole)


def test_a_larger_grid_measures_only_what_is_more() -> None:
    parameters = grid_parameters(n_random=6, n_bayesian=0)
    larger = grid_parameters(n_random=9, n_bayesian=0)
    first = run(parameters, space=SPACE)
    more = run(larger, by_id(first), space=SPACE)
    assert len(more) == 2 * 3
    assert ids([*first, *more]) == ids(run(larger, space=SPACE))


def test_a_worker_with_other_weights_stops_the_grid() -> None:
    executor = FakeExecutor(measurers(weights_id="w2"))
    with pytest.raises(WeightsError, match=r"MobileNetV2_0\.35 \(w2\).*experiment_grid\.weights"):
        run(grid_parameters(**SMALL), executor=executor)


def test_a_search_does_not_repeat_a_random_trial_that_is_being_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parameters = grid_parameters(n_random=5, n_initial=2, n_bayesian=1, heads_at_once=1)
    coming = random_configurations(FEW, 5, parameters.seed)[-1]

    class Stubborn(FakeSearch):
        def ask(self) -> tuple[Configuration, str]:
            return coming, "bayesian"

    class Slow(FakeExecutor):
        """That trial ends last."""

        def next_result(self) -> tuple[Bundle, list[Record] | WorkerLostError]:
            self._in_hand.sort(key=lambda bundle: bundle.proposals[0].configuration == coming)
            return super().next_result()

    monkeypatch.setattr(search, "BayesianSearch", Stubborn)
    records = run(parameters, executor=Slow(measurers(), room=50))
    assert len(records) == len(set(ids(records))) == 2 * 5


def test_bayesian_optimisation_itself_goes_on_in_the_middle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "BayesianSearch", BAYESIAN_SEARCH)
    parameters = grid_parameters(n_random=3, n_initial=3, n_bayesian=2, bayesian_datasets=["roses"])
    whole = run(parameters, space=SPACE)
    assert [record["proposer"] for record in whole].count("bayesian") == 2
    first = run(parameters, space=SPACE, stop=len(whole) - 1)
    rest = run(parameters, by_id(first), space=SPACE)
    assert ids([*first, *rest]) == ids(whole)
    assert len(rest) == 1
