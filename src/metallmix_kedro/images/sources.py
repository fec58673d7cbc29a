"""Where a dataset's files are: a folder, an archive that is unpacked once, or Kaggle."""

from pathlib import Path

from metallmix_kedro.images.archives import SUFFIXES, is_archive, unpack
from metallmix_kedro.images.parameters import DataIngestionParameters, DatasetEntry
from metallmix_kedro.support import InputError, MissingExtraError, require


def resolve_root(name: str, entry: DatasetEntry, parameters: DataIngestionParameters) -> Path:
    """Find the folder of a registered dataset, unpacking or downloading it if need be.

    A path that exists is used: a folder as it is, an archive unpacked once below
    ``unpacked_root``. Otherwise the Kaggle handle is downloaded into Kaggle's own cache. Calling
    it again changes nothing.

    Parameters
    ----------
    name : str
        Name of the dataset in the registry.
    entry : DatasetEntry
        Its entry.
    parameters : DataIngestionParameters
        Where datasets lie and archives are unpacked.

    Returns
    -------
    Path
        The folder that the manifest's paths are relative to.

    Raises
    ------
    InputError
        If the dataset is not there, cannot be downloaded or is an archive that is refused.
    MissingExtraError
        If it has to be downloaded and kagglehub is not installed.
    """
    if entry.path is not None:
        path = parameters.datasets_root.expanduser() / Path(entry.path).expanduser()
        if path.exists():
            return open_source(path, parameters.unpacked_root / name, parameters.max_unpacked_bytes)
    else:
        path = parameters.datasets_root.expanduser() / f"{name}.zip"
    if entry.kaggle is None:
        raise InputError(
            f"Dataset '{name}' is not at {path}. Put its folder or archive there, or set "
            f"data_ingestion.datasets_root or data_ingestion.registry.{name}.path."
        )
    return _download(name, entry.kaggle, path)


def open_source(path: Path, unpacked: Path, max_bytes: int) -> Path:
    """Return the folder that a path stands for: itself, or its content if it is an archive.

    Parameters
    ----------
    path : Path
        An existing folder or archive.
    unpacked : Path
        Where an archive's content goes.
    max_bytes : int
        The most an archive may hold, in bytes.

    Raises
    ------
    InputError
        If it is a file of another kind, or an archive that is refused.
    """
    if path.is_dir():
        return path
    if not is_archive(path):
        raise InputError(
            f"{path} is a file, not a folder of images; archives end in {', '.join(SUFFIXES)}."
        )
    return unpack(path, unpacked, max_bytes)


def _download(name: str, handle: str, path: Path) -> Path:
    lacking = f"Dataset '{name}' is not at {path} and its Kaggle handle is {handle}."
    try:
        kagglehub = require("kagglehub", "kaggle")
    except MissingExtraError as error:
        # The same error, but saying which dataset asks for the package and the way without it.
        error.args = (f"{lacking} To download it: {error} Or put a copy at that path.",)
        raise
    try:
        return Path(kagglehub.dataset_download(handle))
    except Exception as error:  # kagglehub's errors have no common base
        raise InputError(
            f"{lacking} The download failed ({error or type(error).__name__}). Download it from "
            "Kaggle by hand and put it at that path, or check the network and the Kaggle "
            "credentials."
        ) from error
