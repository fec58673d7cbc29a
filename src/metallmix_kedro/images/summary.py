"""What an ingested dataset holds, in numbers."""

from typing import Any

import pandas as pd

from metallmix_kedro.images.manifest import EXCLUDED, INCLUDED, data_hash
from metallmix_kedro.images.opening import WINDOWING, is_deep


def summarise_manifest(manifest: pd.DataFrame) -> dict[str, Any]:
    """Count what a manifest says.

    Parameters
    ----------
    manifest : pandas.DataFrame
        A dataset's manifest.

    Returns
    -------
    dict
        Plain values for JSON: ``n_files``, ``n_included``, ``n_excluded``; ``classes`` and
        ``fold_sizes`` (included images by class and by fold); ``excluded`` (files by reason);
        ``n_duplicates`` (included images that repeat another one), ``n_near_copies`` (those that
        look like another one, the duplicates among them); ``n_windowed`` (included images of more
        than 8 bits a channel); ``median_width`` and
        ``median_height`` of the included files in pixels; ``data_hash``.
    """
    used = manifest[manifest["status"] == INCLUDED]
    return {
        "n_files": len(manifest),
        "n_included": len(used),
        "n_excluded": len(manifest) - len(used),
        "classes": _counts(used["class_name"]),
        "excluded": _counts(manifest.loc[manifest["status"] == EXCLUDED, "reason"]),
        "n_duplicates": len(used) - int(used["duplicate_group"].nunique()),
        "n_near_copies": len(used) - int(used["near_copy_group"].nunique()),
        "fold_sizes": _counts(used["fold"]),
        "n_windowed": int(used["mode"].map(is_deep).sum()),
        "median_width": float(used["width"].median()),
        "median_height": float(used["height"].median()),
        "data_hash": data_hash(manifest),
    }


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(value): int(count) for value, count in values.value_counts().sort_index().items()}


def describe_summary(name: str, summary: dict[str, Any]) -> str:
    """Say in one line what was read of a dataset.

    Parameters
    ----------
    name : str
        Name of the dataset.
    summary : dict
        See `summarise_manifest`.

    Returns
    -------
    str
        For example ``flowers: 5 classes, 2,000 images (daisy 400, rose 400, ...)``, and what was
        left out, with the reasons.
    """
    classes = summary["classes"]
    listed = ", ".join(f"{title} {count:,}" for title, count in classes.items())
    text = f"{name}: read as {len(classes)} classes, {summary['n_included']:,} images ({listed})"
    if summary["n_duplicates"]:
        text += f"; {summary['n_duplicates']:,} repeat another one"
    if alike := summary["n_near_copies"] - summary["n_duplicates"]:
        text += f"; {alike:,} more look like another one and share its fold"
    if summary["n_windowed"]:
        text += f"; {summary['n_windowed']:,} of more than 8 bits a channel: {WINDOWING}"
    if summary["excluded"]:
        why = ", ".join(f"{count:,} {reason}" for reason, count in summary["excluded"].items())
        text += f"; left out {sum(summary['excluded'].values()):,}: {why}"
    return text
