"""The FAISS index over the meta-features of the history's datasets (paper, section 2.3)."""

from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import configuration_columns, meta_feature_columns, titled
from metallmix_kedro.history import SCORE
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.retrieval.card import IndexCard, IndexEntry
from metallmix_kedro.retrieval.parameters import RetrievalParameters
from metallmix_kedro.retrieval.vectors import MetaFeatureScaler
from metallmix_kedro.support import InputError

_NEEDED = ("trial_id", "source", "status", "data_hash", SCORE)


def _entry_key() -> list[str]:
    """Name what tells one entry of the index from another."""
    return ["dataset", *meta_feature_columns()]


def retrievable_trials(history: pd.DataFrame) -> pd.DataFrame:
    """Return the trials that may be shown as examples.

    These are the finished ones, measured or imported, with a score, all meta-features and all
    seven hyperparameters. Published outcomes name a backbone only, so they teach the surrogate
    but are no example of a configuration.
    """
    usable = history["source"].isin(["measured", "imported"]) & (history["status"] == "finished")
    for name in (SCORE, *meta_feature_columns(), *configuration_columns()):
        usable &= history[name].notna()
    return history[usable]


def build_index(
    history: pd.DataFrame, parameters: RetrievalParameters | None = None
) -> tuple[faiss.Index, dict[str, Any]]:
    """Index the distinct meta-feature vectors of the history's datasets.

    Trials are not in the index: there may be a million of them over a thousand datasets, and all
    trials of a dataset are equally far from the target. Which of them are shown is decided here,
    once: of each backbone and strategy the best by score. The best trials of a dataset are mostly
    one network with small variations of its head; shown together they would say one thing
    twice, where the best of another network says a second thing.

    Parameters
    ----------
    history : pandas.DataFrame
        All trials (`metallmix_kedro.history.schema.history_schema`) with their ``score``.
    parameters : RetrievalParameters, optional
        Weight of the modality, quantile of the novelty warning.

    Returns
    -------
    index : faiss.IndexFlatL2
        Exact, one vector an entry, ordered by dataset name.
    card : dict
        `IndexCard` as JSON values.

    Raises
    ------
    InputError
        If no trial of the history can be shown as an example.
    """
    trials = retrievable_trials(history[[*_NEEDED, *_entry_key(), *configuration_columns()]])
    if trials.empty:
        raise InputError(
            "The history has no finished trial with a score, all meta-features and a full"
            " configuration, so nothing can be retrieved from it. Run trials"
            " (kedro run --pipelines=experiment_grid) or import some."
        )
    left_out = sorted(set(history["dataset"]) - set(trials["dataset"]))
    reason = "no finished trial with a score, all meta-features and a full configuration"
    parameters = parameters or RetrievalParameters()
    entries = _entries(trials)
    meta_features = [entry.meta_features for entry in entries]
    scaler = MetaFeatureScaler.fit(meta_features, parameters.modality_weight)
    vectors = scaler.transform(meta_features)
    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(vectors)
    card = IndexCard(
        scaler=scaler,
        novelty_quantile=parameters.novelty_quantile,
        entries=tuple(entries),
        excluded=dict.fromkeys(left_out, reason),
    )
    return index, card.model_dump(mode="json")


def distances(index: faiss.Index, card: IndexCard, target: MetaFeatures) -> npt.NDArray[np.float64]:
    """Return the Euclidean distance of the target to every entry, in the card's order."""
    squared, order = index.search(card.scaler.transform([target]), index.ntotal)
    by_entry = np.empty(index.ntotal)
    by_entry[order[0]] = np.sqrt(squared[0])
    return by_entry


def _entries(trials: pd.DataFrame) -> list[IndexEntry]:
    title = titled()
    words = [*_entry_key(), *title, "data_hash"]
    trials = trials.astype(dict.fromkeys(words, "category"))
    number = trials.groupby(_entry_key(), observed=True).ngroup()
    trials = trials.assign(number=number)
    networks = trials.groupby(["number", *title], observed=True)
    # Only equals of the best are put in order; all the trials would take long to sort.
    best = trials[trials[SCORE] == networks[SCORE].transform("max")]
    best = best.sort_values([SCORE, "trial_id"], ascending=[False, True])
    shown = best.drop_duplicates(["number", *title])
    examples = shown.groupby("number")["trial_id"].agg(tuple)
    hashes = trials[["number", "data_hash"]].drop_duplicates().groupby("number")["data_hash"]
    keys = trials.drop_duplicates("number").set_index("number")[_entry_key()].sort_index()
    sizes = number.value_counts().sort_index()
    return [
        IndexEntry(
            dataset=key["dataset"],
            meta_features=MetaFeatures.model_validate(
                {name: key[name] for name in meta_feature_columns()}
            ),
            n_trials=int(size),
            data_hashes=tuple(sorted(value for value in own_hashes if isinstance(value, str))),
            examples=own_examples,
        )
        # All are in the order of the entries' numbers.
        for key, size, own_hashes, own_examples in zip(
            keys.to_dict("records"), sizes, hashes.agg(tuple), examples, strict=True
        )
    ]
