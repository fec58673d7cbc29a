"""The outcomes that the paper published, as trials of the history (paper, section 3.3)."""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from metallmix_kedro.declared import meta_feature_columns, network
from metallmix_kedro.history.columns import ACCURACY, history_columns
from metallmix_kedro.support import ArtifactError

REQUIRED_COLUMNS: tuple[str, ...] = (
    "dataset",
    "llm",
    "selected_model",
    "accuracy",
    "training_time_s",
)
"""The columns of the published outcomes that become trials."""


class PaperDataset(NamedTuple):
    """A dataset as the paper describes it (Table 2): the registry's name and three facts."""

    dataset: str
    n_instances: int
    n_classes: int
    modality: str


PAPER_DATASETS: dict[str, PaperDataset] = {
    "Alzheimer": PaperDataset("alzheimer_mri", 6400, 4, "MRI"),
    "Brain": PaperDataset("brain_tumor_mri", 3264, 4, "MRI"),
    "Breast": PaperDataset("breast_ultrasound", 780, 3, "US"),
    "Chest Ct": PaperDataset("chest_ct", 1000, 4, "CT"),
    "Covid-Xrays": PaperDataset("covid_xray", 5910, 2, "X-ray"),
    "Eye Disease": PaperDataset("eye_disease", 4217, 4, "OCT"),
    "Kidney": PaperDataset("kidney_ct", 12446, 4, "CT"),
    "Skin Isic": PaperDataset("skin_isic", 2357, 9, "DMS"),
}
"""The paper's eight datasets by the name its result tables use."""


def published_trials(outcomes: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Turn the published outcomes into rows of the history.

    An outcome names a backbone, an accuracy and a training time. The other six hyperparameters,
    the other metrics and the protocol are not published and stay missing. Where no backbone is
    declared, an outcome says nothing of any configuration, and there are no rows.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        The shipped `published_outcomes`: at least `REQUIRED_COLUMNS`; accuracy in [0, 1], times
        in seconds; datasets named as in the paper's tables.
    known : pandas.DataFrame
        Trials of other sources, with the columns of the history. A published trial takes its
        meta-features from the last of them on the same dataset; where there is none, it has only
        what the paper's Table 2 says (images, classes, modality).

    Returns
    -------
    pandas.DataFrame
        One row an outcome, columns `history_columns`, source ``"published"``, proposer
        ``"llm:<name>"``.

    Raises
    ------
    ArtifactError
        If a column is missing or a dataset is not one of the paper's.
    """
    _check(outcomes)
    named = network()
    if named is None:
        return pd.DataFrame(columns=list(history_columns()), dtype=object)
    names = outcomes["dataset"].map(lambda name: PAPER_DATASETS[name].dataset)
    rows = pd.DataFrame(
        {
            "trial_id": "published-" + names + "-" + outcomes["llm"].astype("str"),
            "dataset": names,
            "source": "published",
            "proposer": "llm:" + outcomes["llm"].astype("str"),
            "status": "finished",
            named: outcomes["selected_model"],
            ACCURACY: outcomes["accuracy"],
            "training_time_s": outcomes["training_time_s"],
        }
    )
    others = known.loc[known["source"] != "published", ["dataset", *meta_feature_columns()]]
    measured = others.dropna().drop_duplicates("dataset", keep="last").set_index("dataset")
    table_2 = pd.DataFrame(PAPER_DATASETS.values()).set_index("dataset")
    described = measured.astype(object).combine_first(table_2.astype(object))
    return rows.join(described, on="dataset").reindex(columns=list(history_columns()))


def check_columns(table: pd.DataFrame, columns: Iterable[str], name: str) -> None:
    """Refuse a shipped table that lacks a column, by its name in the catalog."""
    if missing := [column for column in columns if column not in table.columns]:
        raise ArtifactError(
            f"The table {name} lacks the columns {', '.join(missing)}. "
            f"Restore data/01_raw/{name}.csv from the project's repository."
        )


def _check(outcomes: pd.DataFrame) -> None:
    check_columns(outcomes, REQUIRED_COLUMNS, "published_outcomes")
    unknown = sorted(set(outcomes["dataset"].astype("str")) - set(PAPER_DATASETS))
    if unknown:
        raise ArtifactError(
            f"The published outcomes name datasets that are not the paper's: {', '.join(unknown)}. "
            f"Known names: {', '.join(PAPER_DATASETS)}."
        )
