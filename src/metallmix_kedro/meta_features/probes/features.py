"""From a table of probes to what the surrogate learns from (declared in ``features.toml``)."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from metallmix_kedro.backbones import BACKBONES
from metallmix_kedro.declared import MetaFeature, network
from metallmix_kedro.meta_features.probes.columns import IMAGE_TRAITS

_TOLD = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_LEARNED = {name: told for name, told in _TOLD.items() if told.get("learned", True)}


def _statistics(own_backbone: bool) -> dict[str, str]:
    return {
        name: told["statistic"]
        for name, told in _LEARNED.items()
        if told["own_backbone"] == own_backbone
    }


def _declared(names: Iterable[str]) -> dict[str, MetaFeature]:
    keys = ("kind", "words", "description", "unit")
    return {name: MetaFeature(**{key: _TOLD[name][key] for key in keys}) for name in names}


SMALLEST = _statistics(own_backbone=False)
"""What the dataset is like, by its smallest probed backbone: feature -> statistic."""

OWN = _statistics(own_backbone=True)
"""How much better or worse than the probed backbones on average the trial's own one suits the
dataset: feature -> statistic."""

PROBE_DECLARATIONS = _declared(_LEARNED)
"""What the features are, as meta-features are declared."""

TRAITS = _declared(IMAGE_TRAITS)
"""What images are like beyond the declared meta-features, declared as these are."""

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
        Columns `meta_features.probes.columns.PROBE_COLUMNS`.

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


def known_traits(probes: pd.DataFrame) -> dict[str, float]:
    """Return the `TRAITS` of one dataset by its probes; empty where nobody looked at its images."""
    rows = probes.reindex(columns=list(TRAITS)).dropna()
    return {name: float(rows[name].iloc[0]) for name in TRAITS} if len(rows) else {}


def _n_parameters(backbone: str) -> float:
    known = BACKBONES.get(backbone)
    return float("inf") if known is None else float(known.parameters)
