"""Optional packages: imported where they are used, with an error that names the extra."""

import sys
from contextlib import nullcontext
from importlib import import_module
from typing import Any

from metallmix_kedro.support.errors import MissingExtraError
from metallmix_kedro.support.quiet_start import without_start_messages


def require(module: str, extra: str) -> Any:
    """Import an optional module, or say how to install it.

    Parameters
    ----------
    module : str
        Dotted name, for example ``"matplotlib.pyplot"``.
    extra : str
        The extra of this project that brings it, for example ``"learn"``.

    Raises
    ------
    MissingExtraError
        If the package is not installed.
    """
    starts = module.split(".")[0] in ("keras", "tensorflow") and "tensorflow" not in sys.modules
    try:
        with without_start_messages() if starts else nullcontext():
            return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != module.split(".")[0]:
            raise
        raise MissingExtraError(module.split(".")[0], extra) from error
