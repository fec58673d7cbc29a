"""Which trial comes next, with a clock and trials that are made up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.surrogate import Outlook
from metallmix_kedro.trained.within_budget.pace import Cost, MeasuredPace
from metallmix_kedro.trained.within_budget.scheduler import leading, next_trial

HEAD_S = 2.0


@dataclass
class World:
    """Configurations of known worth and cost, and a clock that trials move on."""

    seed: int
    n_backbones: int
    n_heads: int
    n_tuned: int
    slowness: float
    keeps: bool = True
    now_s: float = 0.0
    trials: list[tuple[int, float]] = field(default_factory=list)
    scores: dict[int, float | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.costs = []
        for backbone in range(self.n_backbones):
            look_s = rng.uniform(2, 20)
            self.costs += [Cost(look_s, HEAD_S, backbone)] * self.n_heads
            self.costs += [Cost(rng.uniform(20, 200), None, backbone) for _ in range(self.n_tuned)]
        n = len(self.costs)
        self.worth = rng.normal(0.7, 0.05, n)
        expected = self.worth + rng.normal(0, 0.05, n)
        self.prior = Outlook(expected, np.zeros((0, n)), 0.15**2, np.zeros((n, 0)))
        self.luck = rng.normal(0, 0.02, n)
        self.slips = rng.uniform(0.7, 1.3, n)
        self.pace = MeasuredPace(self.costs, 4, 1.0, self.keeps)

    def foresee(self, scores: Mapping[int, float]) -> Outlook:
        return self.prior.after(list(scores), np.array(list(scores.values())))

    def measure(self, place: int) -> None:
        """Take about as long as a fold should on a machine of this slowness."""
        cost, is_head = self.costs[place], self.pace.is_cheap(place)
        known = [self.costs[done].look for done, _ in self.trials if self.pace.is_cheap(done)]
        looks = is_head and cost.look not in known
        look_s = cost.seconds * self.slowness if looks else 0.0
        each = HEAD_S if is_head else cost.seconds
        seconds = look_s + each * self.slowness * self.slips[place]
        self.now_s += seconds
        self.scores[place] = float(self.worth[place] + self.luck[place])
        self.pace.learn(place, 1, seconds, look_s, cost.seconds * self.slowness)
        self.trials.append((place, seconds))

    def run(self, budget_s: float) -> "World":
        places = range(len(self.costs))
        while True:
            left_s = budget_s - self.now_s
            place = next_trial(places, self.scores, self.foresee, self.pace, left_s, seed=0)
            if place is None:
                return self
            self.measure(place)


worlds = st.builds(
    World,
    seed=st.integers(0, 10_000),
    n_backbones=st.integers(1, 3),
    n_heads=st.integers(1, 6),
    n_tuned=st.integers(0, 2),
    slowness=st.floats(0.2, 5),
    keeps=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(worlds, st.floats(1, 2000))
def test_a_budget_is_never_exceeded_by_more_than_a_trial(world: World, budget_s: float) -> None:
    world.run(budget_s)
    longest = max((seconds for _, seconds in world.trials), default=0.0)
    assert world.now_s <= budget_s + longest
    assert not world.trials or world.now_s - world.trials[-1][1] <= budget_s


@settings(max_examples=40, deadline=None)
@given(worlds)
def test_nothing_is_measured_twice_and_with_time_enough_all_is_tried(world: World) -> None:
    world.run(1e9)
    assert sorted(place for place, _ in world.trials) == list(range(len(world.costs)))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100), st.floats(50, 1000))
def test_the_same_again_tries_the_same(seed: int, budget_s: float) -> None:
    first, second = (World(seed, 2, 4, 1, 1.0).run(budget_s) for _ in range(2))
    assert first.trials == second.trials


def test_the_best_measured_leads_and_a_failed_trial_never_does() -> None:
    assert leading({}) is None
    assert leading({3: None}) is None
    assert leading({3: None, 0: 0.5, 2: 0.7, 1: 0.7}) == 2


@settings(max_examples=40, deadline=None)
@given(worlds, st.floats(100, 2000))
def test_a_head_is_tried_first(world: World, budget_s: float) -> None:
    world.run(budget_s)
    assert not world.trials or world.pace.is_cheap(world.trials[0][0])


def one_of_each(lead: float, budget_s: float) -> World:
    """Ten heads alike, and one network to tune that is expected to be so much better."""
    world = World(0, 1, 10, 1, 1.0)
    world.costs[-1] = Cost(50.0, None, 0)
    n = len(world.costs)
    mean = np.append(np.full(n - 1, 0.7), 0.7 + lead)
    world.prior = Outlook(mean, np.zeros((0, n)), 0.02**2, np.zeros((n, 0)))
    world.luck, world.worth = np.zeros(n), mean
    return world.run(budget_s)


def test_one_dear_trial_that_promises_more_than_many_cheap_ones_comes_before_them() -> None:
    # Each head promises more a second, but all that fit into the time promise less together.
    world = one_of_each(lead=0.1, budget_s=90)
    assert [place for place, _ in world.trials][:2] == [0, 10]
    hopeless = one_of_each(lead=-0.2, budget_s=90)
    assert 10 not in [place for place, _ in hopeless.trials][:-1]


def test_what_promises_too_little_is_not_worth_the_time() -> None:
    world = one_of_each(lead=-0.2, budget_s=45)
    known = world.scores, world.foresee, world.pace, 1000.0, 0
    assert next_trial([10], *known) == 10
    assert next_trial([10], *known, worth=0.002) is None


def test_what_is_not_kept_needs_time_to_be_trained_again() -> None:
    costs = [Cost(10.0, HEAD_S, "a"), Cost(50.0, None, "a")]
    kept, not_kept = (MeasuredPace(costs, 1, 1.0, keeps) for keeps in (True, False))
    assert kept.finish_at_least(1) < 10 < 50 < not_kept.finish_at_least(1)
    assert kept.finish(1) == pytest.approx(5 + 1.3 * 50)
    assert not_kept.finish(1) == pytest.approx(5 + 2.3 * 50)
    assert kept.finish(0) == not_kept.finish(0) == pytest.approx(5 + 2.3 * HEAD_S)


def test_time_to_train_the_winner_is_kept() -> None:
    for seed in range(10):
        world = World(seed, 2, 6, 1, 1.0)
        world.slips[:] = 1.0
        world.run(400)
        leader = leading(world.scores)
        assert leader is not None
        assert world.now_s + world.pace.finish_at_least(leader) <= 400 * 1.1


def test_with_more_time_the_leader_is_better_on_average() -> None:
    regrets: dict[int, list[float]] = {budget_s: [] for budget_s in (50, 600)}
    for seed in range(20):
        for budget_s, found in regrets.items():
            world = World(seed, 3, 30, 0, 1.0).run(budget_s)
            leader = leading(world.scores)
            assert leader is not None
            found.append(world.worth.max() - world.worth[leader])
    at_random = np.mean([np.ptp(World(seed, 3, 30, 0, 1.0).worth) / 2 for seed in range(20)])
    assert np.mean(regrets[600]) < np.mean(regrets[50]) < at_random


def test_estimates_follow_what_was_measured() -> None:
    costs = [
        Cost(10.0, 1.0, "a"),
        Cost(20.0, 3.0, "b"),
        Cost(40.0, None, "a"),
        Cost(60.0, None, "a"),
        Cost(8.0, None, "a"),
    ]
    pace = MeasuredPace(costs, 1, 1.0, keeps=True)
    assert pace.trial(0) == pytest.approx(10 + 1)
    pace.learn(0, 2, seconds=24.0, look_s=20.0, alone_s=15.0)
    assert pace.trial(0) == pytest.approx(2.0)
    # The machine is half as fast as the history's, and heads are as fast on every backbone.
    assert pace.trial(1) == pytest.approx(40 + 6)
    # Features that were there before are no sign of a fast machine.
    assert pace.trial(2) == pytest.approx(40 * 1.5)
    pace.learn(2, 2, seconds=100.0, look_s=30.0, alone_s=90.0)
    assert pace.trial(2) == pytest.approx(50.0)
    assert pace.finish(2) == pytest.approx(5 + 1.3 * 50)
    # A cheap one, where building the network weighs most, tells of itself alone.
    pace.learn(4, 2, seconds=60.0, look_s=30.0, alone_s=50.0)
    assert pace.trial(4) == pytest.approx(30.0)
    assert pace.trial(3) == pytest.approx(60 * 50 / 40)
