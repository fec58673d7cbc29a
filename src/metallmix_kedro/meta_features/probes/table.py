"""The table of probes of many datasets, joined to what was probed before."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import track

from metallmix_kedro.meta_features.probes.columns import PROBE_COLUMNS
from metallmix_kedro.meta_features.probes.measuring import ProbedImages, probe_images
from metallmix_kedro.meta_features.probes.parameters import ProbeParameters
from metallmix_kedro.training import BackboneStore

_TEXT = ("dataset", "data_hash", "backbone", "weights_id")


def probe_datasets(
    datasets: Iterable[ProbedImages],
    backbones: Iterable[str],
    store: BackboneStore,
    parameters: ProbeParameters,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Probe datasets; those of the same name take the place of earlier rows.

    Parameters
    ----------
    datasets : iterable of ProbedImages
    backbones : iterable of str
        Names of registered backbones.
    store : BackboneStore
    parameters : ProbeParameters
    previous : pandas.DataFrame
        What was probed before, columns `PROBE_COLUMNS`.

    Returns
    -------
    pandas.DataFrame
        Columns `PROBE_COLUMNS`, sorted by dataset and backbone.
    """
    names = tuple(backbones)
    wanted = list(datasets) if names else []
    tables = [
        probe_images(images, names, store, parameters)
        for images in track(
            wanted, "Probing", console=Console(stderr=True), transient=True, disable=len(wanted) < 2
        )
    ]
    fresh = pd.concat([no_probes(), *tables], ignore_index=True) if tables else no_probes()
    keys = ["dataset", "backbone"]
    joined = pd.concat([previous, fresh], ignore_index=True) if len(previous) else fresh
    kept = joined.drop_duplicates(keys, keep="last").sort_values(keys, ignore_index=True)
    return as_table(kept.to_dict("records"))


def as_table(rows: list[dict[Any, Any]]) -> pd.DataFrame:
    """Make a table of probes of rows: text and numbers in the columns `PROBE_COLUMNS`."""
    table = pd.DataFrame(rows, columns=list(PROBE_COLUMNS))
    return table.astype({name: "str" if name in _TEXT else "float64" for name in PROBE_COLUMNS})


def no_probes() -> pd.DataFrame:
    """Return probes of no dataset."""
    return as_table([])
