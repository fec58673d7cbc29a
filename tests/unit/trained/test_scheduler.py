"""Which trial comes next, with a clock and trials that are made up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.surrogate import Outlook
from metallmix_kedro.trained.within_budget.pace import Cost, MeasuredPace, Step
from metallmix_kedro.trained.within_budget.scheduler import Group, Results, next_step

N_TRAIN = (100, 400, 1200)


@dataclass
class World:
    """Configurations of known worth and cost, and a clock that trials move on."""

    seed: int
    n_backbones: int
    n_heads: int
    n_tuned: int
    slowness: float
    now_s: float = 0.0
    steps: list[tuple[Step, float]] = field(default_factory=list)
    results: Results = field(default_factory=lambda: Results(len(N_TRAIN) - 1))

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.groups, self.costs = [], []
        for backbone in range(self.n_backbones):
            for _ in range(self.n_heads):
                self._add(3, Cost(rng.uniform(2, 20), 4, True, backbone))
            for _ in range(self.n_tuned):
                self._add(1, Cost(rng.uniform(20, 200), 2, False, backbone))
        n = len(self.costs)
        self.worth = rng.normal(0.7, 0.05, n)
        expected = self.worth + rng.normal(0, 0.05, n)
        self.prior = Outlook(expected, np.zeros((0, n)), 0.15**2, np.zeros((n, 0)))
        self.luck = rng.normal(0, 0.02, (len(N_TRAIN), n))
        self.slips = rng.uniform(0.7, 1.3, 10_000)
        self.pace = MeasuredPace(self.costs, N_TRAIN, 4, 1.5)

    def _add(self, count: int, cost: Cost) -> None:
        first = 0 if cost.cheap else len(N_TRAIN) - 1
        self.groups.append(Group(tuple(range(len(self.costs), len(self.costs) + count)), first))
        self.costs += [cost] * count

    def foresee(self, trials: Mapping[int, tuple[float, int]]) -> Outlook:
        """What is known of a configuration is all the more certain the more its trials count."""
        places = [place for place, (_, weight) in trials.items() for _ in range(weight)]
        return self.prior.after(places, np.array([trials[place][0] for place in places]))

    def score(self, place: int, level: int) -> float:
        return float(self.worth[place] + self.luck[level, place] - 0.03 * (2 - level))

    def measure(self, step: Step) -> None:
        """Take about as long as it should on a machine of this slowness."""
        cost = self.costs[step.places[0]]
        known = [done for done, _ in self.steps if self.costs[done.places[0]].look == cost.look]
        look_s = 0.0 if known or not cost.cheap else cost.seconds * self.slowness
        each = 5e-4 * N_TRAIN[step.level] * 4 if cost.cheap else cost.seconds * 2
        seconds = look_s + each * len(step.places) * self.slowness * self.slips[len(self.steps)]
        self.now_s += seconds
        self.results.add(step, [self.score(place, step.level) for place in step.places])
        self.pace.learn(step, seconds, look_s)
        self.steps.append((step, seconds))

    def run(self, budget_s: float) -> "World":
        while step := self.next(budget_s):
            self.measure(step)
        return self

    def next(self, budget_s: float) -> Step | None:
        left_s = budget_s - self.now_s
        return next_step(self.groups, self.results, self.foresee, self.pace, left_s)


worlds = st.builds(
    World,
    seed=st.integers(0, 10_000),
    n_backbones=st.integers(1, 3),
    n_heads=st.integers(1, 3),
    n_tuned=st.integers(0, 2),
    slowness=st.floats(0.2, 5),
)


@settings(max_examples=60, deadline=None)
@given(worlds, st.floats(1, 2000))
def test_a_budget_is_never_exceeded_by_more_than_a_step(world: World, budget_s: float) -> None:
    world.run(budget_s)
    longest = max((seconds for _, seconds in world.steps), default=0.0)
    assert world.now_s <= budget_s + longest
    assert not world.steps or world.now_s - world.steps[-1][1] <= budget_s


@settings(max_examples=60, deadline=None)
@given(worlds, st.floats(1, 2000))
def test_the_leader_is_the_best_measured_where_most_images_train(
    world: World, budget_s: float
) -> None:
    world.run(budget_s)
    if not world.steps:
        assert world.results.leader is None
        return
    top = max(step.level for step, _ in world.steps)
    there = [place for step, _ in world.steps if step.level == top for place in step.places]
    assert world.results.leader == max(there, key=lambda place: world.score(place, top))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100), st.floats(50, 1000))
def test_the_same_again_takes_the_same_steps(seed: int, budget_s: float) -> None:
    first, second = (World(seed, 2, 2, 1, 1.0).run(budget_s) for _ in range(2))
    assert first.steps == second.steps


@settings(max_examples=40, deadline=None)
@given(worlds)
def test_nothing_is_measured_twice_and_with_time_enough_all_is_tried(world: World) -> None:
    world.run(1e9)
    done = [(place, step.level) for step, _ in world.steps for place in step.places]
    assert len(done) == len(set(done))
    assert {place for place, _ in done} == set(range(len(world.costs)))
    # No one gets to more images but over fewer.
    for place, level in done:
        if world.costs[place].cheap:
            assert all((place, below) in done for below in range(level))


def test_what_is_dear_waits_for_what_is_cheap_and_is_left_where_it_would_take_too_long() -> None:
    world = World(0, 1, 2, 2, 1.0).run(1e9)
    kinds = [world.costs[step.places[0]].cheap for step, _ in world.steps]
    levels = [step.level for step, _ in world.steps]
    assert 2 in levels[: kinds.index(False)]
    short = World(0, 1, 2, 2, 1.0).run(60)
    assert all(short.costs[step.places[0]].cheap for step, _ in short.steps)
    assert short.steps


def test_time_to_train_the_winner_is_kept() -> None:
    world = World(3, 2, 3, 1, 1.0).run(400)
    assert world.results.leader is not None
    assert world.now_s + world.pace.finish(world.results.leader) <= 400 * 1.1


def test_with_more_time_the_leader_is_better_on_average() -> None:
    regrets = {budget_s: [] for budget_s in (60, 600)}
    for seed in range(20):
        for budget_s, found in regrets.items():
            world = World(seed, 3, 3, 0, 1.0).run(budget_s)
            assert world.results.leader is not None
            found.append(world.worth.max() - world.worth[world.results.leader])
    at_random = np.mean([np.ptp(World(seed, 3, 3, 0, 1.0).worth) / 2 for seed in range(20)])
    assert np.mean(regrets[600]) < np.mean(regrets[60]) < at_random


def test_scores_of_few_images_count_as_what_more_images_would_have_given() -> None:
    results = Results(1)
    results.add(Step((0, 1, 2), 0), [0.6, 0.5, None])
    results.add(Step((0,), 1), [0.7])
    found = results.comparable()
    assert found.keys() == {0, 1}
    assert found[0] == (0.7, 4)
    assert found[1] == (pytest.approx(0.6), 2)
    assert results.leader == 0
    assert results.is_tried(2)


def test_estimates_follow_what_was_measured() -> None:
    costs = [
        Cost(10.0, 4, True, "a"),
        Cost(20.0, 4, True, "b"),
        Cost(50.0, 1, False, "a"),
    ]
    pace = MeasuredPace(costs, (100, 400), 4, 1.0)
    before = pace.step(Step((0,), 0))
    pace.learn(Step((0,), 0), seconds=21.0, look_s=20.0)
    assert pace.step(Step((0,), 0)) == pytest.approx(1.0)
    assert before > pace.step(Step((0,), 0))
    assert pace.step(Step((0,), 1)) == pytest.approx(4.0)
    # The machine is half as fast as the history's, and heads are as fast on every backbone.
    assert pace.step(Step((1,), 0)) == pytest.approx(41.0)
    assert pace.step(Step((2,), 1)) == pytest.approx(100.0)
    pace.learn(Step((2,), 1), seconds=150.0, look_s=30.0)
    assert pace.step(Step((2,), 1)) == pytest.approx(150.0)
    assert pace.finish(2) == pytest.approx(5 + 5.3 * 150)
