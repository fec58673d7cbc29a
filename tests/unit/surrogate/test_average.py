import itertools

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.surrogate.averages.average import ConfigurationAverage
from metallmix_kedro.surrogate.averages.average_fit import MOST_LEVELS, fit_averages
from tests.fabricated import SPACE

SMALL = {"adam": 0.0, "sgd": -0.3, "rmsprop": 0.1}


def trials(n_datasets: int = 3) -> pd.DataFrame:
    """Every configuration on every dataset; optimizer and a pair have effects, datasets none."""
    grid = SPACE.frame()
    pair = (grid["learning_rate"] == 1e-3) & (grid["strategy"] == "full")
    score = 0.6 + grid["optimizer"].map(SMALL) - 0.2 * pair
    parts = [grid.assign(dataset=f"d{n}", relative_score=score) for n in range(n_datasets)]
    return pd.concat(parts, ignore_index=True)


def fit(table: pd.DataFrame, penalty: float = 1e-6, **folds: frozenset) -> ConfigurationAverage:
    return fit_averages(table, np.ones(len(table)), folds.values(), penalty)[0].overall


def test_effects_of_values_and_pairs_are_found() -> None:
    table = trials()
    assert fit(table).predict(table) == pytest.approx(table["relative_score"].to_numpy(), abs=1e-4)


def test_a_strong_penalty_leaves_the_mean() -> None:
    table = trials()
    found = fit(table, penalty=1e9).predict(table)
    assert found == pytest.approx(np.full(len(table), table["relative_score"].mean()), abs=1e-3)


def test_what_was_never_tried_is_ranked_by_its_values() -> None:
    table = trials()
    tried = table[(table["optimizer"] != "sgd") | (table["batch_size"] != 16)]
    average = fit(tried, penalty=1.0)
    new = table[(table["optimizer"] == "sgd") & (table["batch_size"] == 16)]
    assert average.predict(new).mean() < average.predict(tried).mean() - 0.1


def test_unknown_values_have_no_effect() -> None:
    table = trials()
    strange = table.head(1).assign(**dict.fromkeys(configuration_columns()))
    average = fit(table)
    assert average.predict(strange)[0] == pytest.approx(average.intercept)
    assert average.predict(table.head(1).assign(optimizer="lion")) != pytest.approx(
        average.predict(table.head(1))
    )


def test_datasets_left_out_reach_nothing() -> None:
    table = trials()
    table.loc[table["dataset"] == "d1", "relative_score"] = 123.0
    left_out = frozenset({"d1"})
    _, without = fit_averages(table, np.ones(len(table)), [left_out], 1.0)
    clean = fit_averages(trials(), np.ones(len(table)), [left_out], 1.0)[1]
    assert without[left_out].predict(table) == pytest.approx(clean[left_out].predict(table))


def test_contributions_are_shapley_values() -> None:
    """Against the definition, over all coalitions, for two varied hyperparameters."""
    table = trials(1)
    table["relative_score"] = np.random.default_rng(0).uniform(size=len(table))
    average = fit(table, penalty=5.0)
    base, found = average.contributions(table)
    assert found.sum(axis=1).to_numpy() + base == pytest.approx(average.predict(table))
    one = table.iloc[[17]]
    names = list(configuration_columns())

    def value(known: tuple[str, ...]) -> float:
        """Mean over the background of the other hyperparameters, all equally often."""
        mixed = table.assign(**{name: one[name].iloc[0] for name in known})
        return float(average.predict(mixed).mean())

    for name in ("optimizer", "learning_rate"):
        others = [other for other in names if other != name]
        expected = 0.0
        for size in range(len(others) + 1):
            for coalition in itertools.combinations(others, size):
                weight = 1 / (len(names) * len(list(itertools.combinations(others, size))))
                expected += weight * (value((*coalition, name)) - value(coalition))
        assert found[name].iloc[17] == pytest.approx(expected, abs=1e-9)


def test_a_hyperparameter_with_very_many_values_or_one_has_no_average() -> None:
    table = trials().head(3 * MOST_LEVELS)
    table = table.assign(learning_rate=np.linspace(1e-5, 1, len(table)), batch_size=16.0)
    average = fit(table, 1.0)
    assert {"learning_rate", "batch_size"}.isdisjoint(average.levels)
    nothing = fit(table.assign(**dict.fromkeys(configuration_columns())), 1.0)
    assert nothing.levels == {}
    assert nothing.predict(table) == pytest.approx(table["relative_score"].mean())


def test_it_is_stored_as_json() -> None:
    average = fit(trials())
    assert ConfigurationAverage.model_validate_json(average.model_dump_json()) == average


def test_a_very_combination_that_does_better_everywhere_is_worth_more() -> None:
    table = trials(4)
    star = (table["optimizer"] == "sgd") & (table["batch_size"] == 16) & (table["dropout"] == 0.3)
    star &= (table["learning_rate"] == 1e-4) & (table["strategy"] == "last_10")
    star &= (table["backbone"] == "Xception") & (table["dense_units"] == 512)
    assert star.sum() == 4
    table.loc[star, "relative_score"] += 0.3
    plain = fit(table, 30.0)
    everything, without = fit_averages(
        table, np.ones(len(table)), [frozenset({"d0", "d1", "d2"})], 30.0, own_penalty=2.0
    )
    own = everything.overall
    # 4 datasets against a penalty of 2: two thirds of what values and pairs leave.
    left = 0.3 + 0.3 - plain.predict(table[star])[0]
    gained = own.predict(table[star])[0] - plain.predict(table[star])[0]
    assert gained == pytest.approx(left * 4 / 6, abs=0.02)
    # A single dataset says nothing of the combination.
    assert next(iter(without.values())).overall.own == ()
    base, found = own.contributions(table)
    assert found.sum(axis=1).to_numpy() + base == pytest.approx(own.predict(table))
    assert ConfigurationAverage.model_validate_json(own.model_dump_json()) == own
