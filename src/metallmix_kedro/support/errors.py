"""The errors a user can mend.

Everything that bad input, a missing file or an absent optional package can cause is one of
these. Each message names the file, key or value at fault and says how to mend it; the command
line prints that message alone, without a traceback.
"""

from typing import ClassVar


class MetallmixError(Exception):
    """Base of every error that a user can mend.

    ``title`` names the kind of error to the user, in a few words.
    """

    title: ClassVar[str] = "This cannot be done"


class InputError(MetallmixError):
    """A dataset, image folder, card or archive that cannot be used."""

    title = "Input error"


class ParameterError(MetallmixError):
    """A parameter that is unknown, of the wrong type or out of its range."""

    title = "Parameter error"


class ArtifactError(MetallmixError):
    """A stored history, model, index or record that is missing, corrupt or of another version."""

    title = "A stored file cannot be used"


class MissingExtraError(MetallmixError):
    """An optional package that this step needs is not installed.

    Parameters
    ----------
    package : str
        The package that could not be imported.
    extra : str
        The extra of this project that installs it, for example ``experiments``.
    """

    title = "An optional package is missing"

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"This step needs the package '{package}', which is not installed. "
            f'Install it with: pip install -c requirements.lock -e ".[{extra}]"'
        )
        self.package = package
        self.extra = extra


class WeightsError(MetallmixError):
    """Pretrained weights that are missing or do not fit their backbone."""

    title = "Weights error"
