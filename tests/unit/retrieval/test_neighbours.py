"""The table and the picture of neighbouring datasets."""

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.retrieval.card import IndexCard
from metallmix_kedro.retrieval.index import build_index
from metallmix_kedro.retrieval.neighbours import plot_neighbours, rank_neighbours
from metallmix_kedro.retrieval.search import retrieve


def test_each_dataset_ranks_all_others(card: IndexCard) -> None:
    table = rank_neighbours(card.entries, 1.0)
    names = {entry.dataset for entry in card.entries}
    assert set(table["dataset"]) == names
    for name, rows in table.groupby("dataset"):
        assert set(rows["neighbour"]) == names - {name}
        assert rows["rank"].tolist() == [1, 2, 3, 4, 5]
        assert rows["distance"].is_monotonic_increasing


def test_it_shows_what_would_be_retrieved_if_the_dataset_were_new(
    history: pd.DataFrame, card: IndexCard
) -> None:
    table = rank_neighbours(card.entries, 1.0)
    for entry in card.entries:
        rest = history[history["dataset"] != entry.dataset]
        found = retrieve(*build_index(rest), rest, entry.meta_features, k=5, max_per_dataset=1)
        rows = table[table["dataset"] == entry.dataset]
        assert [trial.dataset for trial in found] == rows["neighbour"].tolist()
        np.testing.assert_allclose([trial.distance for trial in found], rows["distance"], rtol=1e-5)


def test_one_dataset_has_no_neighbours(card: IndexCard) -> None:
    table = rank_neighbours(card.entries[:1], 1.0)
    assert table.empty
    assert list(table.columns) == ["dataset", "rank", "neighbour", "distance"]


@pytest.mark.parametrize("n_datasets", [1, 2, 6])
def test_the_picture_shows_every_dataset(card: IndexCard, n_datasets: int) -> None:
    figure = plot_neighbours(rank_neighbours(card.entries[:n_datasets], 1.0))
    axes = figure.axes[0]
    if n_datasets == 1:
        assert "one dataset only" in axes.texts[0].get_text()
        return
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert sorted(shown) == [entry.dataset for entry in card.entries[:n_datasets]]
    assert len(axes.patches) == n_datasets
