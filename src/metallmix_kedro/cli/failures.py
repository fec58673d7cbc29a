"""Say in one readable message what went wrong, where, and how to mend it."""

import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kedro.config import MissingConfigException
from kedro.io import DatasetError
from kedro.validation.exceptions import DataValidationError, ParameterValidationError
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from metallmix_kedro.support import MetallmixError, MissingExtraError

TITLES: dict[type[Exception], str] = {
    DataValidationError: "Stored data do not satisfy their schema",
    DatasetError: "A dataset of the catalog cannot be read or written",
    ParameterValidationError: "A parameter cannot be used",
    MissingConfigException: "Configuration is missing",
    OmegaConfBaseException: "The configuration cannot be resolved",
    YAMLError: "A configuration file is not valid YAML",
    ModuleNotFoundError: "An optional package is missing",
    OSError: "A file cannot be read or written",
}
"""Kinds of errors that are the user's to mend, the most telling first."""

MENDS: dict[type[Exception], str] = {
    DataValidationError: "Restore the shipped version with git, or make the data anew by the "
    "pipeline that saves them (kedro viz run shows which).",
    DatasetError: "Run the pipeline that makes it first, restore the shipped version with git, "
    "or name another version with --load-versions=NAME:VERSION.",
    ParameterValidationError: "Correct it under conf/ or after --params.",
    MissingConfigException: "Run from the project's folder, or name it with --conf-source.",
    OmegaConfBaseException: "Check the ${...} references under conf/ (globals.yml defines them); "
    "in a name or path, write a ${ that means itself as \\${.",
    YAMLError: "Correct the file at the line that is named.",
    ModuleNotFoundError: 'Install everything with: pip install -c requirements.lock -e ".[test]"',
    OSError: "Check that the path exists, that it may be read and written, and that the disk "
    "has room.",
}


NO_ROOM_MEND = (
    "Make room, then run the same command again. What was stored before is intact, and an "
    "experiment grid or a training goes on where it stopped."
)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

EXTRAS = {
    "matplotlib": "learn",
    "shap": "learn",
    "sklearn": "learn",
    "dask": "experiments",
    "distributed": "experiments",
    "filelock": "experiments",
    "keras": "experiments",
    "skopt": "experiments",
    "tensorflow": "experiments",
    "kagglehub": "kaggle",
}
"""The extra that installs a module which the base install lacks."""


@dataclass(frozen=True)
class Failure:
    """What went wrong, in words: a title, the message, and the mend where one is known."""

    title: str
    message: str
    mend: str = ""


def causes(error: BaseException) -> Iterator[BaseException]:
    """Walk from an error to what caused it, the outermost first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def explain(error: Exception) -> Failure | None:
    """Turn an error that a user can mend into words.

    Parameters
    ----------
    error : Exception
        As it came out of a run. What caused it is looked at as well: the project's own message
        is preferred to one that Kedro wrapped around it.

    Returns
    -------
    Failure or None
        None for what no user caused: that is a bug, and its traceback is wanted.
    """
    chain = list(causes(error))
    for cause in chain:
        if isinstance(cause, MetallmixError):
            return Failure(cause.title, str(cause))
    if missing := _missing_package(chain):
        return Failure(missing.title, str(missing))
    if any(isinstance(cause, OSError) and cause.errno in _NO_ROOM for cause in chain):
        return Failure("The disk has no room left", _first_words(chain[0]), NO_ROOM_MEND)
    for kind, title in TITLES.items():
        for cause in chain:
            if isinstance(cause, kind):
                return Failure(title, _first_words(cause), _command(cause) or MENDS[kind])
    if isinstance(error, ValueError) and str(error).startswith("Pipeline contains no nodes"):
        return Failure("No step is left to run", str(error), "Ask for less of it at once.")
    return None


def _command(cause: BaseException) -> str:
    """Say by which command what is not there yet is made; nothing where that is not known."""
    if re.search(r"any versions for .*/(recommendation\.json|target_probes\.parquet)", str(cause)):
        return (
            "Nothing was recommended yet. Ask, and train what is recommended: kedro run "
            "--pipelines=recommendation,training --params=target.path=/my/images"
        )
    learned = re.search(r"any versions for .*/(?:06_models|08_reporting)/(\w+)/", str(cause))
    if learned is None:
        return ""
    return (
        f"What is learned for the objective {learned[1]} lies in a folder of its own. Learn it: "
        "kedro run --pipelines=meta_learning,explainability,retrieval "
        f"--params=objective={learned[1]}"
    )


def _missing_package(chain: list[BaseException]) -> MissingExtraError | None:
    """Recognise a package of an extra that could not be imported, also by a dataset of Kedro."""
    for cause in chain:
        found = re.search(r"No module named '(\w+)", str(cause))
        if found and found[1] in EXTRAS:
            return MissingExtraError(found[1], EXTRAS[found[1]])
    return None


def _first_words(error: BaseException, limit: int = 2000) -> str:
    text = str(error) or type(error).__name__
    if nothing_stored := re.match(r"(\w+): Did not find any versions for .*?'([^']+)'", text):
        return "No version of '{}' is stored ({}).".format(*nothing_stored.groups())
    return text if len(text) <= limit else text[:limit] + " …"
