"""From a table of probes to what the surrogate learns from."""

import pandas as pd

from metallmix_kedro.backbones import BACKBONES
from metallmix_kedro.declared import MetaFeature, network

SMALLEST: dict[str, str] = {
    "smallest_probe_accuracy": "linear_probe_accuracy",
    "smallest_probe_nll": "linear_probe_nll",
    "smallest_probe_ece": "linear_probe_ece",
    "smallest_knn_error": "knn_error",
    "smallest_intrinsic_dimension": "intrinsic_dimension",
    "colourfulness": "colourfulness",
}
"""What the dataset is like, by its smallest probed backbone: feature -> statistic."""

OWN: dict[str, str] = {
    "backbone_probe_accuracy": "linear_probe_accuracy",
    "backbone_probe_nll": "linear_probe_nll",
    "backbone_knn_error": "knn_error",
    "backbone_logme": "logme",
}
"""How much better or worse than the probed backbones on average the trial's own one suits the
dataset: feature -> statistic."""

PROBE_DECLARATIONS: dict[str, MetaFeature] = {
    "smallest_probe_accuracy": MetaFeature(
        kind="number",
        words="accuracy of the smallest backbone's linear probe",
        description="Accuracy of a linear probe of the smallest backbone",
        unit="share",
    ),
    "smallest_probe_nll": MetaFeature(
        kind="number",
        words="log-loss of the smallest backbone's linear probe",
        description="Negative log-likelihood of that probe",
        unit="nats",
    ),
    "smallest_probe_ece": MetaFeature(
        kind="number",
        words="calibration error of the smallest backbone's linear probe",
        description="Calibration error of that probe",
        unit="share",
    ),
    "smallest_knn_error": MetaFeature(
        kind="number",
        words="nearest-neighbour error of the smallest backbone",
        description="Images whose nearest in the smallest backbone is of another class",
        unit="share",
    ),
    "smallest_intrinsic_dimension": MetaFeature(
        kind="log_number",
        words="intrinsic dimension in the smallest backbone",
        description="Intrinsic dimension of the smallest backbone's features",
        unit="dimensions",
    ),
    "colourfulness": MetaFeature(
        kind="number",
        words="colourfulness",
        description="Mean colourfulness of the images",
        unit="0 = grey",
    ),
    "backbone_probe_accuracy": MetaFeature(
        kind="number",
        words="linear probe of the backbone against the others",
        description="Accuracy of the backbone's linear probe above all backbones' mean",
        unit="share",
    ),
    "backbone_probe_nll": MetaFeature(
        kind="number",
        words="log-loss of the backbone's linear probe against the others",
        description="Negative log-likelihood of that probe above the mean",
        unit="share of the mean",
    ),
    "backbone_knn_error": MetaFeature(
        kind="number",
        words="nearest-neighbour error of the backbone against the others",
        description="Nearest-neighbour error of the backbone above all backbones' mean",
        unit="share",
    ),
    "backbone_logme": MetaFeature(
        kind="number",
        words="LogME of the backbone against the others",
        description="LogME of the backbone above the mean",
        unit="nats",
    ),
}
"""What the features are, as meta-features are declared."""

PROBE_FEATURES: tuple[str, ...] = (*SMALLEST, *OWN)
"""The features that probes give a trial or candidate."""


def add_probes(frame: pd.DataFrame, probes: pd.DataFrame) -> pd.DataFrame:
    """Give trials or candidates what is known of their dataset and backbone by probes.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``dataset`` and ``backbone``; n rows. Where it has ``data_hash``, only probes of
        the same content count.
    probes : pandas.DataFrame
        Columns `metallmix_kedro.meta_features.probes.PROBE_COLUMNS`.

    Returns
    -------
    pandas.DataFrame
        The frame with the columns `PROBE_FEATURES`, missing where nothing is known. Those of the
        own backbone need two probed backbones to compare. In a domain without backbones the frame
        as it is.
    """
    if network() is None:
        return frame
    table = probe_features(probes)
    keys = ["dataset", "backbone"]
    if "data_hash" in frame:
        keys.append("data_hash")
        table = table[table["data_hash"].notna()]
    bare = frame.drop(columns=list(PROBE_FEATURES), errors="ignore")
    by_dataset = [key for key in keys if key != "backbone"]
    smallest = table.drop_duplicates(by_dataset)[[*by_dataset, *SMALLEST]]
    own = table.drop_duplicates(keys, keep="last")[[*keys, *OWN]]
    # Many trials share a dataset and a backbone: each pair is looked up once.
    pair = bare.groupby(keys, dropna=False, sort=False).ngroup().to_numpy()
    joined = (
        bare[keys]
        .drop_duplicates()
        .astype(object)
        .merge(smallest.astype(object), on=by_dataset, how="left")
        .merge(own.astype(object), on=keys, how="left")
    )
    known = joined[list(PROBE_FEATURES)].astype("float64").iloc[pair]
    return bare.join(known.set_axis(frame.index))


def probe_features(probes: pd.DataFrame) -> pd.DataFrame:
    """Return the probes' rows, one a dataset and backbone, with the columns `PROBE_FEATURES`."""
    table = probes.drop_duplicates(["dataset", "data_hash", "backbone"], keep="last")
    groups = [table["dataset"], table["data_hash"].astype(object)]
    size = table["backbone"].map(lambda name: _n_parameters(str(name))).astype("float64")
    order = table.assign(_size=size).sort_values(["_size", "backbone"], kind="stable")
    first = order.groupby(["dataset", "data_hash"], dropna=False, sort=False)
    for feature, statistic in SMALLEST.items():
        table = table.assign(**{feature: first[statistic].transform("first")})
    several = table.groupby(groups, dropna=False)["backbone"].transform("size") > 1
    for feature, statistic in OWN.items():
        mean = table.groupby(groups, dropna=False)[statistic].transform("mean")
        difference = (table[statistic] - mean).where(several)
        # A likelihood of many classes spreads wider: it is taken as a share of its mean.
        table = table.assign(
            **{feature: difference / mean if statistic == "linear_probe_nll" else difference}
        )
    return table


def _n_parameters(backbone: str) -> float:
    known = BACKBONES.get(backbone)
    return float("inf") if known is None else float(known.parameters)
