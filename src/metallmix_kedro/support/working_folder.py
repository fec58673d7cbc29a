"""The working folder, which somebody may have removed.

Kedro's command calls `need_working_folder` before it looks for a project (``pyproject.toml``).
"""

import sys
from pathlib import Path


def need_working_folder() -> Path:
    """Return the working folder, or end with one line where it was removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        sys.exit(
            "The folder you are in was removed, or moved and made anew. "
            "Go to the project's folder (cd) and repeat the command."
        )
