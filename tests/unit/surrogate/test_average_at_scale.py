"""The averages of very many trials: grouped once, they are those of the plain way."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history.cells import coded
from metallmix_kedro.history.objective import with_score
from metallmix_kedro.history.relative import add_relative_score
from metallmix_kedro.surrogate.averages.average import combination_numbers, distinct, level_codes
from metallmix_kedro.surrogate.averages.average_fit import fit_averages
from tests.fabricated import fabricate_history

PENALTY, OWN_PENALTY = 3.0, 2.0


def trials(seed: int = 0) -> pd.DataFrame:
    """Return trials on four datasets, some configurations repeated, some values unknown."""
    history = add_relative_score(with_score(fabricate_history(4, 60, seed), "accuracy"))
    again = history.sample(50, random_state=seed, replace=True)
    table = pd.concat([history, again], ignore_index=True)
    table.loc[table.index % 11 == 0, "dropout"] = np.nan
    return table


def plain_ridge(table: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    """Return the predictions of a weighted ridge on values and pairs, a row a trial."""
    columns = {}
    names = list(configuration_columns())
    for place, name in enumerate(names):
        for value in sorted(table[name].dropna().unique()):
            columns[name, value] = table[name] == value
        for other in names[place + 1 :]:
            for pair in table[[name, other]].dropna().drop_duplicates().itertuples(index=False):
                columns[name, other, *pair] = (table[name] == pair[0]) & (table[other] == pair[1])
    design = np.column_stack([column.to_numpy(dtype=float) for column in columns.values()])
    score = table["relative_score"].to_numpy()
    mean = np.average(score, weights=weights)
    normal = design.T @ (weights[:, None] * design) + PENALTY * np.eye(design.shape[1])
    return mean + design @ np.linalg.solve(normal, design.T @ (weights * (score - mean)))


@pytest.mark.parametrize("left_out", [frozenset(), frozenset({"fabricated_1", "fabricated_3"})])
def test_the_averages_are_those_of_a_plain_ridge(left_out):
    table = trials()
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(table))
    everything, without = fit_averages(
        coded(table), weights, [left_out] if left_out else (), PENALTY, OWN_PENALTY
    )
    found = (without[left_out] if left_out else everything).overall
    inside = ~table["dataset"].isin(left_out).to_numpy()
    rows, plain = table[inside], plain_ridge(table, np.where(inside, weights, 0.0))

    bare = found.model_copy(update={"own": ()})
    assert bare.predict(table) == pytest.approx(plain, abs=1e-9)

    codes = np.column_stack(list(level_codes(rows, found.levels).values()))
    left = rows.assign(
        left=rows["relative_score"] - plain[inside], number=combination_numbers(codes, found.levels)
    )
    known = left[left["number"] >= 0]
    by_dataset = known.groupby(["number", "dataset"])["left"].mean().groupby("number")
    sums, sizes = by_dataset.sum(), by_dataset.size()
    expected = (sums / (sizes + OWN_PENALTY))[sizes >= 2]
    own = {number: worth for number, worth in found.own if number >= 0}
    assert sorted(own) == expected.index.tolist()
    assert [own[number] for number in sorted(own)] == pytest.approx(expected.tolist(), abs=1e-9)


@given(st.integers(0, 30))
def test_categories_give_the_same_averages_as_words(seed):
    table = trials(seed)
    weights = np.ones(len(table))
    folds = [frozenset({"fabricated_0"}), frozenset({"fabricated_1", "fabricated_2"})]
    words = fit_averages(table, weights, folds, PENALTY, OWN_PENALTY)
    codes = fit_averages(coded(table), weights, folds, PENALTY, OWN_PENALTY)
    assert words == codes
    assert np.array_equal(words[0].predict(table), words[0].predict(coded(table)))


@given(st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 4)), max_size=40))
def test_distinct_configurations_are_sorted_and_own_their_trials(rows):
    levels = {"strategy": ("a", "b", "c"), "batch_size": (1.0, 2.0, 3.0, 4.0, 5.0)}
    table = np.array(rows, dtype=np.int64).reshape(-1, 2)
    unique, owner = distinct(dict(zip(levels, table.T, strict=True)), levels, len(table))
    assert unique.tolist() == [list(row) for row in sorted(set(rows))]
    assert unique[owner].tolist() == table.tolist()
