from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.declared import configuration_columns, hyperparameter, in_force
from metallmix_kedro.grid.bundles import Bundle, group_proposals, measure_bundle
from metallmix_kedro.grid.measuring import Proposal
from metallmix_kedro.grid.proposals import random_configurations
from metallmix_kedro.search_space import SearchSpace
from tests.fabricated import SPACE
from tests.trial_examples import declared_too, grid_parameters, image_dataset, proposal

FEW = SPACE.model_copy(update={"strategy": ("feature_extraction", "last_10")})


def drawn(space: SearchSpace, count: int, seed: int) -> list[Proposal]:
    """Proposals of two levels and two seeds."""
    found = random_configurations(space, count, seed)
    return [
        Proposal(one, "random", (None, 100)[number % 2], number // 2 % 2)
        for number, one in enumerate(found)
    ]


@given(
    count=st.integers(0, 150),
    seed=st.integers(0, 100),
    heads_at_once=st.integers(1, 9),
    space=st.sampled_from([SPACE, FEW]),
)
def test_every_proposal_is_in_one_group_that_can_be_trained_together(
    count: int, seed: int, heads_at_once: int, space: SearchSpace
) -> None:
    proposals = drawn(space, count, seed)
    groups = list(group_proposals(proposals, heads_at_once))
    assert sorted(one.configuration for group in groups for one in group) == sorted(
        one.configuration for one in proposals
    )
    for group in groups:
        configurations = [one.configuration for one in group]
        if configurations[0].strategy == "feature_extraction":
            assert 1 <= len(group) <= heads_at_once
            assert len({(one.n_train, one.seed) for one in group}) == 1
            for shared in ("backbone", "strategy", "dense_units", "optimizer", "batch_size"):
                assert len({getattr(one, shared) for one in configurations}) == 1
        else:
            assert len(group) == 1


@given(shuffled=st.permutations(drawn(SPACE, 40, seed=2)))
def test_cheap_strategies_come_first(shuffled: list[Proposal]) -> None:
    groups = group_proposals(shuffled, 4)
    strategies = [
        hyperparameter("strategy").ranks.index(one.configuration.strategy)
        for group in groups
        for one in group
    ]
    assert strategies == sorted(strategies)


def test_groups_are_as_full_as_they_can_be() -> None:
    rates = [proposal(learning_rate=rate) for rate in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)]
    other = [proposal(dense_units=32), proposal(optimizer="sgd"), proposal(batch_size=4)]
    sizes = sorted(len(group) for group in group_proposals([*rates, *other], 3))
    assert sizes == [1, 1, 1, 2, 3]


def test_levels_and_seeds_are_trained_apart() -> None:
    where = [{}, {"n_train": 8}, {"seed": 6}, {"n_train": 8, "seed": 6}]
    proposals = [proposal(dropout=dropout, **one) for one in where for dropout in (0.3, 0.5)]
    groups = list(group_proposals(proposals, 9))
    assert [len(group) for group in groups] == [2, 2, 2, 2]
    assert all(len({(one.n_train, one.seed) for one in group}) == 1 for group in groups)


def test_a_bundle_is_measured_in_its_order(tmp_path: Path) -> None:
    parameters = grid_parameters(tmp_path / "cache")
    dataset = image_dataset(tmp_path)
    proposals = (proposal(dropout=0.5), proposal(learning_rate=1e-2), proposal())
    records = measure_bundle(dataset, parameters, in_force(), Bundle(dataset.name, proposals))
    assert [record["dropout"] for record in records] == [0.5, 0.3, 0.3]
    assert [record["learning_rate"] for record in records] == [1e-3, 1e-2, 1e-3]
    assert {record["status"] for record in records} == {"finished"}


def test_what_is_declared_where_a_bundle_is_due_is_in_force_where_it_is_measured(
    tmp_path: Path,
) -> None:
    """A worker is another process, in which nothing is declared, or what was due before."""
    parameters, dataset = grid_parameters(tmp_path / "cache"), image_dataset(tmp_path)
    with declared_too("weight_decay"):
        due = in_force()
        bundle = Bundle(dataset.name, (proposal(weight_decay=0.1),))
    assert "weight_decay" not in configuration_columns()
    (record,) = measure_bundle(dataset, parameters, due, bundle)
    assert (record["status"], record["weight_decay"]) == ("finished", 0.1)


def test_heads_whose_scalars_differ_are_one_group() -> None:
    with declared_too("weight_decay", "image_size", image_size=[32, 64]):
        decays = [proposal(weight_decay=decay, image_size=32) for decay in (0.0, 0.1)]
        larger = proposal(weight_decay=0.0, image_size=64)
        assert sorted(map(len, group_proposals([*decays, larger], 9))) == [1, 2]


def test_a_process_keeps_a_measurer_for_each_dataset_and_protocol(tmp_path: Path) -> None:
    parameters = grid_parameters(tmp_path / "cache")
    first, second = image_dataset(tmp_path), image_dataset(tmp_path, "others", n_classes=2)
    bundle = Bundle("", (proposal(),))

    def measured(**of: object) -> str:
        (record,) = measure_bundle(of["dataset"], of["parameters"], in_force(), bundle)
        return record["trial_id"]

    longer = parameters.model_copy(
        update={"protocol": parameters.protocol.model_copy(update={"patience": 3})}
    )
    names = [
        measured(dataset=first, parameters=parameters),
        measured(dataset=second, parameters=parameters),
        measured(dataset=first, parameters=longer),
        measured(dataset=first, parameters=parameters),
    ]
    assert names[0] == names[3]
    assert len(set(names)) == 3
