"""Output that never fails a run: what cannot be shown is replaced, what nobody reads is dropped."""

import io
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from rich.console import Console, RenderableType

logger = logging.getLogger(__name__)

MIN_WIDTH = 40
"""Columns below which nothing is readable: a terminal that says less is not believed."""


class _Forgiving:
    """A stream that goes on where nobody reads it any more, or its disk is full."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, or give the stream up."""
        try:
            self._stream.write(text)
        except (OSError, ValueError):
            self._give_up()
        return len(text)

    def flush(self) -> None:
        """Flush the stream, or give it up."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._give_up()

    def _give_up(self) -> None:
        # What is still held back goes nowhere, also at the end of the process.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def forgiving_output() -> Iterator[None]:
    """Let a command write to standard output and error, whatever they are.

    Kedro's log and rich write frames, arrows and names of any alphabet, also into cp1252 and ASCII;
    a pipe may end early (``kedro run | head``), and a service may have no output at all.
    """
    was = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(_forgiving, was)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = was


def _forgiving(stream: Any) -> Any:
    if stream is None:  # closed before Python began
        return io.StringIO()
    replace_signs(stream)
    return _Forgiving(stream)


def replace_signs(stream: Any) -> None:
    """Have a stream replace signs that its encoding lacks."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def show(renderable: Callable[[], RenderableType], instead: str) -> None:
    """Print something at the end of a run, whatever the terminal.

    Parameters
    ----------
    renderable : callable
        Makes what is printed; what it raises is no error of the run.
    instead : str
        Said where it cannot be shown.
    """
    replace_signs(sys.stdout)
    try:
        console = Console()
        if console.width < MIN_WIDTH:
            console = Console(width=MIN_WIDTH)
        console.print(renderable())
    except Exception as error:
        logger.warning("%s (%s: %s)", instead, type(error).__name__, error)
