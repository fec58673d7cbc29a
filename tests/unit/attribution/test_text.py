"""The summary in words: no claim without its number, and the right sign."""

import re

import pandas as pd
import pytest

from metallmix_kedro.attribution import tables
from metallmix_kedro.attribution import text as told
from metallmix_kedro.attribution.text import summarise, words_of
from metallmix_kedro.surrogate.encoding import surrogate_features


def tell(attributions: pd.DataFrame, history: pd.DataFrame) -> str:
    by_value = tables.by_value(attributions, history)
    correlations = tables.correlations(attributions, history)
    return summarise(attributions, history, by_value, correlations)


@pytest.fixture(scope="module")
def text(attributions: pd.DataFrame, history: pd.DataFrame) -> str:
    return tell(attributions, history)


def test_every_feature_has_words() -> None:
    assert all(words_of(name) for name in surrogate_features())


def test_strongest_features_come_in_order(text: str, attributions: pd.DataFrame) -> None:
    ranked = re.findall(r"^\d\. (.+): (\d\.\d{3}) \(", text, flags=re.MULTILINE)
    strength = attributions[list(surrogate_features())].abs().mean().nlargest(6)
    assert ranked == [(words_of(name), f"{value:.3f}") for name, value in strength.items()]


def test_values_carry_their_contribution_and_number_of_trials(
    text: str, attributions: pd.DataFrame, history: pd.DataFrame
) -> None:
    table = tables.by_value(attributions, history)
    row = table[(table["feature"] == "learning_rate") & (table["value"] == "1e-5")].iloc[0]
    expected = f"  1e-5: {row['mean_contribution']:+.3f} ({row['n_trials']} trials; same sign on 8"
    assert expected in text


def test_directions_agree_with_the_correlations(text: str) -> None:
    directions = re.findall(r"higher values (raise|lower) the prediction \(r = ([+-])", text)
    assert ("raise", "+") in directions
    assert set(directions) <= {("raise", "+"), ("lower", "-")}


def test_no_direction_below_the_threshold(
    attributions: pd.DataFrame,
    history: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(told, "CLEAR_CORRELATION", 1.0)
    strict = tell(attributions, history)
    assert "higher values" not in strict
    assert "no clear direction (r = " in strict


def test_every_line_of_a_claim_has_a_number(text: str) -> None:
    claims = [line for line in text.splitlines() if re.match(r"(\d+\.|  |- .*\()", line)]
    assert len(claims) > 20
    assert all(re.search(r"\d", line) for line in claims)


def test_it_says_what_it_rests_on_and_what_it_is_not(text: str, attributions: pd.DataFrame) -> None:
    assert f"{len(attributions)} trials on 8 datasets, 28 to 30 a dataset" in text
    assert "explains the surrogate, not the world" in text


def test_rare_values_are_marked(
    attributions: pd.DataFrame,
    history: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(told, "FEW_TRIALS", 0)
    assert "few trials" not in tell(attributions, history)
    monkeypatch.setattr(told, "FEW_TRIALS", 10_000)
    assert "; few trials)" in tell(attributions, history)


def test_same_tables_same_text(
    text: str, attributions: pd.DataFrame, history: pd.DataFrame
) -> None:
    assert tell(attributions, history) == text
    shuffled = history.sample(frac=1, random_state=1)
    assert tell(attributions, shuffled) == text
