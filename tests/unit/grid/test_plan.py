from collections import Counter
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.declared import hyperparameter
from metallmix_kedro.grid.measuring import Proposal
from metallmix_kedro.grid.plan import Plan, named_configurations
from metallmix_kedro.grid.proposals import random_configurations
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.support.errors import ParameterError
from tests.fabricated import SPACE
from tests.trial_examples import BY_STRATEGY, SEED, grid_parameters

NAMED: dict[str, Any] = {
    "backbone": "Xception",
    "strategy": "feature_extraction",
    "dense_units": 512,
    "dropout": 0.3,
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "batch_size": 16,
}
UNITS_AND_RATES = {"dense_units": [512, 1024], "learning_rate": [1e-3, 1e-4, 1e-5]}


@dataclass(frozen=True)
class FakeDataset:
    """So many images, of which half can train."""

    n_images: int = 1000

    def has_level(self, n_train: int | None) -> bool:
        return n_train is None or n_train <= self.n_images // 2


def named(*entries: dict[str, Any], space: SearchSpace = SPACE) -> list[Configuration]:
    return named_configurations(entries, space)


def proposals(n_images: int = 1000, space: SearchSpace = SPACE, **changes: Any) -> list[Proposal]:
    """What is planned without searches, unless they are asked for."""
    values = {"n_random": 0, "n_bayesian": 0, "n_initial": 0} | changes
    return Plan(space, grid_parameters(**values)).proposals(FakeDataset(n_images))


def counts(**of: int) -> dict[str, int]:
    return {**BY_STRATEGY, **of}


def levels(*of: tuple[int | None, dict | None, dict | None]) -> list[dict[str, Any]]:
    keys = ("n_train", "n_configurations", "n_repeated")
    return [dict(zip(keys, level, strict=True)) for level in of]


def test_an_entry_without_lists_is_one_configuration() -> None:
    assert named(NAMED) == [Configuration.from_mapping(NAMED)]
    assert named() == []


def test_lists_stand_for_each_of_their_values() -> None:
    found = named({**NAMED, "backbone": ["Xception", "EfficientNetLite0"], "batch_size": (16, 32)})
    assert [(one.backbone, one.batch_size) for one in found] == list(
        product(["Xception", "EfficientNetLite0"], [16, 32])
    )


def test_the_order_of_keys_changes_nothing_and_each_comes_once() -> None:
    turned = dict(reversed(NAMED.items()))
    found = named(NAMED, turned, {**NAMED, "dropout": [0.5, 0.3]})
    assert found == [
        Configuration.from_mapping(NAMED),
        Configuration.from_mapping({**NAMED, "dropout": 0.5}),
    ]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({key: NAMED[key] for key in NAMED if key != "dropout"}, "dropout"),
        ({**NAMED, "momentum": 0.9}, "momentum"),
        ({key if key != "dropout" else "drop": value for key, value in NAMED.items()}, "drop, "),
        ({**NAMED, "dense_units": 7}, "dense_units 7"),
        ({**NAMED, "learning_rate": [1e-3, 0.5]}, "learning_rate 0.5"),
        ({**NAMED, "optimizer": "adagrad"}, "adagrad"),
        ({**NAMED, "backbone": "EfficientNetLite00"}, "Did you mean EfficientNetLite0?"),
        ({**NAMED, "strategy": ["full", "last10"]}, "Did you mean last_10?"),
        ({**NAMED, "dense_units": "many"}, "'many', which is not a whole number"),
        ({**NAMED, "dense_units": 512.5}, "512.5, which is not a whole number"),
        ({**NAMED, "dropout": None}, "None, which is not a number"),
        ({**NAMED, "optimizer": 3}, "3, which is no word"),
        ({**NAMED, "batch_size": 48}, "batch_size 48"),
    ],
)
def test_what_is_missing_unknown_or_not_in_the_space_is_refused_by_name(
    entry: dict[str, Any], said: str
) -> None:
    with pytest.raises(ParameterError, match=r"experiment_grid\.configurations") as error:
        named(NAMED, entry)
    assert said in str(error.value)
    with pytest.raises(ParameterError):
        Plan(SPACE, grid_parameters(configurations=[entry]))


def test_backbones_and_strategies_that_are_not_measured_now_are_left_out() -> None:
    entry = {
        **NAMED,
        "backbone": ["Xception", "EfficientNetLite0"],
        "strategy": list(hyperparameter("strategy").ranks),
    }
    part = SPACE.restricted(backbone=["EfficientNetLite0"], strategy=["last_10", "full"])
    assert [(one.backbone, one.strategy) for one in named(entry, space=part)] == [
        ("EfficientNetLite0", "last_10"),
        ("EfficientNetLite0", "full"),
    ]
    assert {
        one.configuration.strategy
        for one in proposals(
            space=part,
            configurations=[entry],
            n_random_by_strategy=counts(feature_extraction=3, last_10=3),
        )
    } == {"last_10", "full"}


def of_strategies(found: list[Proposal]) -> dict[tuple[int | None, str], int]:
    return dict(Counter((one.n_train, one.configuration.strategy) for one in found))


def test_each_level_has_the_first_configurations_of_each_strategy() -> None:
    drawn = counts(feature_extraction=6, last_10=4, full=3)
    found = proposals(
        n_random_by_strategy=drawn,
        levels=levels(
            (None, None, None),
            (400, counts(feature_extraction=5, last_10=9, full=0), None),
            (100, counts(feature_extraction=2, last_10=1), None),
        ),
    )
    assert of_strategies(found) == {
        (None, "feature_extraction"): 6,
        (None, "last_10"): 4,
        (None, "full"): 3,
        (400, "feature_extraction"): 5,
        (400, "last_10"): 4,  # there are no more
        (100, "feature_extraction"): 2,
        (100, "last_10"): 1,
    }
    for strategy in hyperparameter("strategy").ranks:
        everywhere = [
            [
                one.configuration
                for one in found
                if one.n_train == n_train and one.configuration.strategy == strategy
            ]
            for n_train in (None, 400, 100)
        ]
        for more, fewer in pairwise(everywhere):
            assert fewer == more[: len(fewer)]


def test_named_configurations_come_before_drawn_ones_and_are_not_drawn_again() -> None:
    whole = SPACE.model_copy(update={"strategy": ("feature_extraction",)})
    entry = {**NAMED, **UNITS_AND_RATES}
    found = proposals(
        space=whole,
        configurations=[entry],
        n_random_by_strategy=counts(feature_extraction=whole.size),
        levels=levels((None, None, None), (100, counts(feature_extraction=8), None)),
    )
    everywhere = [one for one in found if one.n_train is None]
    assert [one.configuration for one in everywhere[:6]] == named(entry)
    proposers = [one.proposer for one in everywhere]
    assert proposers == ["named"] * 6 + ["random_by_strategy"] * (whole.size - 6)
    assert [one.proposer for one in found if one.n_train == 100] == proposers[:8]


def seeds(found: list[Proposal]) -> list[list[int]]:
    """Seeds of each configuration, in the order in which they come."""
    by: dict[tuple[Any, ...], list[int]] = {}
    for one in found:
        by.setdefault((one.n_train, one.configuration), []).append(one.seed)
    return list(by.values())


def test_the_first_of_a_level_are_repeated_with_further_seeds() -> None:
    found = proposals(
        n_random_by_strategy=counts(feature_extraction=4, last_10=2),
        levels=levels(
            (None, None, counts(feature_extraction=3, last_10=1)),
            (100, counts(feature_extraction=2, last_10=2), counts(feature_extraction=1)),
        ),
        n_seeds=3,
    )
    one, three = [SEED], [SEED, SEED + 1, SEED + 2]
    assert seeds(found) == [three, three, three, one, three, one, three, one, one, one]


def test_small_datasets_have_a_second_seed_where_nothing_is_fine_tuned() -> None:
    how: dict[str, Any] = {
        "n_random_by_strategy": counts(feature_extraction=2, last_10=2, full=1),
        "levels": levels((None, None, counts(feature_extraction=1)), (100, None, None)),
        "n_seeds": 3,
        "second_split_below": 600,
    }
    one, two, three = [SEED], [SEED, SEED + 1], [SEED, SEED + 1, SEED + 2]
    assert seeds(proposals(599, **how)) == [three, two, *[one] * 3, two, two, *[one] * 3]
    assert seeds(proposals(600, **how)) == [three, *[one] * 4, *[one] * 5]


def test_a_dataset_without_images_for_a_level_has_none_of_its_trials() -> None:
    how: dict[str, Any] = {
        "n_random_by_strategy": counts(feature_extraction=2),
        "levels": levels((None, None, None), (400, None, None), (100, None, None)),
    }
    where = {n: {one.n_train for one in proposals(n, **how)} for n in (150, 300, 900)}
    assert where == {150: {None}, 300: {None, 100}, 900: {None, 400, 100}}
    # What remains is what a larger dataset is measured on, in its order.
    larger = [one for one in proposals(900, **how) if one.n_train != 400]
    assert proposals(300, **how) == larger


def test_random_search_is_measured_with_all_images_only_and_first() -> None:
    parameters = grid_parameters(
        n_random=6,
        n_random_by_strategy=counts(feature_extraction=2),
        levels=levels((100, None, None), (50, None, None)),
        n_seeds=2,
    )
    plan = Plan(SPACE, parameters)
    found = plan.proposals(FakeDataset())
    drawn = random_configurations(SPACE, 6, SEED)
    assert plan.random == drawn
    assert found[:6] == [Proposal(one, "random", None, SEED) for one in drawn]
    assert {one.n_train for one in found[6:]} == {100, 50}
    assert {one.proposer for one in found[6:]} == {"random_by_strategy"}


def test_what_is_named_and_drawn_at_random_is_measured_once_as_the_random_one() -> None:
    drawn = random_configurations(SPACE, 4, SEED)
    found = proposals(
        n_random=4,
        configurations=[one.as_dict() for one in drawn[:2]],
        levels=levels((None, None, None), (100, None, None)),
    )
    at_all = {one.configuration: one.proposer for one in found if one.n_train is None}
    assert at_all == dict.fromkeys(drawn, "random")
    assert [one for one in found if one.n_train == 100] == [
        Proposal(one, "named", 100, SEED) for one in drawn[:2]
    ]


def test_a_search_is_told_of_trials_with_all_images_and_its_own_seed() -> None:
    plan = Plan(SPACE, grid_parameters())
    one = plan.random[0]
    assert plan.searched(plan.at_all_images(one, "bayesian").trial) == one
    assert plan.searched((one, 100, SEED)) is None
    assert plan.searched((one, None, SEED + 1)) is None


FEW = st.integers(0, 4)
STRATEGY_COUNTS = st.fixed_dictionaries(dict.fromkeys(hyperparameter("strategy").ranks, FEW))
LEVELS = st.lists(
    st.fixed_dictionaries(
        {
            "n_train": st.sampled_from([None, 50, 100, 400]),
            "n_configurations": st.none() | STRATEGY_COUNTS,
            "n_repeated": st.none() | STRATEGY_COUNTS,
        }
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda level: level["n_train"],
)


@settings(max_examples=40)
@given(
    given_levels=LEVELS,
    drawn=STRATEGY_COUNTS,
    n_random=st.integers(1, 8),
    n_seeds=st.integers(1, 3),
    n_images=st.sampled_from([150, 900]),
    second_split_below=st.sampled_from([0, 500]),
)
def test_each_trial_comes_once(
    given_levels: list[dict[str, Any]],
    drawn: dict[str, int],
    n_random: int,
    n_seeds: int,
    n_images: int,
    second_split_below: int,
) -> None:
    found = proposals(
        n_images,
        n_random=n_random,
        n_random_by_strategy=drawn,
        configurations=[{**NAMED, **UNITS_AND_RATES, "strategy": ["feature_extraction", "full"]}],
        levels=given_levels,
        n_seeds=n_seeds,
        second_split_below=second_split_below,
    )
    assert len({one.trial for one in found}) == len(found)
    at_most = max(n_seeds, 2 if n_images < second_split_below else 1)
    assert {one.seed for one in found} <= {SEED + k for k in range(at_most)}
    fitting = {level["n_train"] for level in given_levels} if n_images > 800 else {None, 50}
    assert {one.n_train for one in found} <= {None, *fitting}
    assert {one.configuration for one in found if one.proposer == "random"} == set(
        random_configurations(SPACE, n_random, SEED)
    )
