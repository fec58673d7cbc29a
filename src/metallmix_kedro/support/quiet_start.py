"""Importing TensorFlow without what it says at every start.

``TF_CPP_MIN_LOG_LEVEL`` does not reach what its C++ libraries log while they are loaded, and there
is no other setting for it; so these lines are taken out of the standard error of the process.
A library that redirects it (wurlitzer) would still leave the choosing of lines to us.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_SAID_AT_EVERY_START = re.compile(
    rb"All log messages before absl::InitializeLog\(\)"
    rb"|oneDNN custom operations are on\."
    rb"|Could not find cuda drivers"
)
_STDERR = 2


@contextmanager
def without_start_messages() -> Iterator[None]:
    """Hold back what is written to standard error, and pass on all but the usual lines.

    This includes what C++ code writes past Python. What else was said, of a failed import say,
    comes out at the end, whatever happens.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        try:
            shown = os.dup(_STDERR)
        except OSError:  # nobody listens: the process has no standard error
            yield
            return
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(shown, _STDERR)
            os.close(shown)
            held.seek(0)
            for line in held:
                if not _SAID_AT_EVERY_START.search(line):
                    os.write(_STDERR, line)
