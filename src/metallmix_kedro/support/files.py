"""Files that appear whole or not at all.

The library for it (atomicwrites) is given up by its author, and Kedro's datasets write in place.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to be written beside its place, and move it there once it is complete.

    A reader sees the old file or the new one, never half of it, and whatever fails while it is
    written leaves nothing behind. Missing folders are made.

    Parameters
    ----------
    path : Path
        Where the file will be.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=".", suffix=".part", delete=False
    ) as file:
        written = Path(file.name)
        try:
            yield file
            file.close()
            written.chmod(0o644)  # a temporary file is its owner's alone
            written.replace(path)
        except BaseException:
            written.unlink(missing_ok=True)
            raise
