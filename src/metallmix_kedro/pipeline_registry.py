"""The pipelines that ``kedro run --pipelines=NAME`` knows."""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.util import find_spec

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

from metallmix_kedro.support import ParameterError

CHEAP = (
    "meta_learning",
    "explainability",
    "retrieval",
    "recommendation",
)
"""What a plain ``kedro run`` does of these: learn what a recommendation needs, and recommend.

The rest of them (how good the surrogate is on datasets left out, pictures) and the others are asked
for by name."""

LEARNING = ("matplotlib", "shap", "sklearn")
"""Packages of the extra ``learn``; without them a plain run recommends from what was learned."""

NAMES = ("data_ingestion", "meta_features", "experiment_grid", *CHEAP, "evaluation")
"""The eight pipelines, each a folder under ``pipelines/`` and a box in kedro-viz."""

BESIDE = ("training",)
"""Beside the paper's eight: it goes on where they end, and is asked for by name too."""

KNOWN = (*NAMES, *BESIDE, "everything")
"""What can be asked for: one of these, or the eight in a row."""


def check_names(asked: Iterable[str]) -> None:
    """Refuse a pipeline that does not exist before anything is imported.

    Raises
    ------
    metallmix_kedro.support.errors.ParameterError
        Naming it, the nearest one, and all that there are.
    """
    for name in asked:
        if name not in (*KNOWN, "__default__"):
            nearest = get_close_matches(name, KNOWN, n=1)
            meant = f" Did you mean {nearest[0]}?" if nearest else ""
            raise ParameterError(
                f"There is no pipeline '{name}'.{meant} The pipelines are: {', '.join(KNOWN)}."
            )


def register_pipelines() -> dict[str, Pipeline]:
    """Find the pipelines that were asked for, and only those.

    Returns
    -------
    dict of str to kedro.pipeline.Pipeline
        By folder name. With ``--pipelines=recommendation`` no other pipeline is imported;
        ``__default__``, what a recommendation needs of the `CHEAP` ones, stands in it when
        everything is loaded; without the extra ``learn`` it is the recommendation alone.
    """
    found: dict[str, Pipeline] = find_pipelines(raise_errors=True)
    if "__default__" in found:
        learns = all(find_spec(package) for package in LEARNING)
        wanted = CHEAP if learns else ("recommendation",)
        whole = sum((found[name] for name in wanted), Pipeline([]))
        found["__default__"] = whole.to_outputs(*found["recommendation"].all_outputs())
    return found
