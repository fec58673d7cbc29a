"""Probing the target of a recommendation."""

import logging
from collections.abc import Collection

import pandas as pd

from metallmix_kedro.images import INCLUDED
from metallmix_kedro.meta_features.parameters import TargetParameters
from metallmix_kedro.meta_features.probes.columns import no_probes
from metallmix_kedro.meta_features.probes.measuring import (
    ProbedImages,
    chosen_backbones,
    probe_images,
)
from metallmix_kedro.meta_features.probes.parameters import ProbeParameters
from metallmix_kedro.meta_features.target import open_target
from metallmix_kedro.support import ArtifactError, MissingExtraError, ParameterError, WeightsError
from metallmix_kedro.training import BackboneStore

_LOG = logging.getLogger(__name__)


def probe_target(
    name: str,
    target: TargetParameters,
    history_probes: pd.DataFrame,
    wanted: Collection[str],
    parameters: ProbeParameters,
    store: BackboneStore,
) -> pd.DataFrame:
    """Probe the target's images like the datasets of the history, if asked for or possible.

    Parameters
    ----------
    name : str
        The target's name.
    target : TargetParameters
        Names the images, and says by which backbones: ``none``, ``smallest`` or ``all``; ``auto``:
        by the smallest, and where that cannot be, by none, which is logged with the reason.
    history_probes : pandas.DataFrame
        Probes of the history's datasets: only what was probed there can be compared.
    wanted : collection of str
        Backbones that may be chosen.
    parameters : ProbeParameters
        How the history was probed.
    store : BackboneStore
        Gives backbones with their weights.

    Returns
    -------
    pandas.DataFrame
        Columns `PROBE_COLUMNS`, a row a backbone; empty where nothing was asked for.

    Raises
    ------
    ParameterError
        If a card is to be probed.
    ArtifactError
        If no dataset of the history was probed.
    InputError
        If no image can be decoded.
    MissingExtraError
        If the extra ``experiments`` is not installed.
    """
    auto = target.probes == "auto"
    if target.probes == "none" or (auto and (target.path is None or history_probes.empty)):
        return no_probes()
    if target.path is None:
        raise ParameterError(
            "A dataset card has no images to probe: set target.path to the images, or "
            "target.probes to none."
        )
    known = list(dict.fromkeys(history_probes["backbone"].astype(object)))
    if not known:
        raise ArtifactError(
            "No dataset of the history was probed, so probes of the target say nothing: set "
            "target.probes to none, or probe the history's datasets (pipeline meta_features with "
            "probes.backbones=all)."
        )
    smallest = chosen_backbones("smallest", known)
    others = [name for name in known if name in wanted and name not in smallest]
    backbones = (*smallest, *others) if target.probes == "all" else smallest
    root, labels = open_target(target)
    rows = [(file.path, file.class_name) for file in labels.files if file.problem is None]
    images = pd.DataFrame(rows, columns=["path", "class_name"]).assign(fold=0, status=INCLUDED)
    probed = ProbedImages(name=name, data_hash=None, root=root, images=images)
    try:
        return probe_images(probed, backbones, store, parameters)
    except (MissingExtraError, WeightsError) as error:
        if not auto:
            raise
        _LOG.warning("The images were not looked at, so intervals stay wide. %s", error)
        return no_probes()
