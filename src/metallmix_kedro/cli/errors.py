"""One readable message instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from metallmix_kedro.cli.failures import Failure, explain
from metallmix_kedro.support import forgiving_output

VERBOSE_VARIABLE = "METALLMIX_VERBOSE"

verbose_option = click.option(
    "--verbose",
    "-v",
    is_flag=True,
    envvar=VERBOSE_VARIABLE,
    help=f"Show the full traceback of an error. Also: {VERBOSE_VARIABLE}=1.",
)


@contextmanager
def readable_errors(verbose: bool) -> Iterator[None]:
    """Print an error that the user can mend as one message and leave with exit code 1.

    Everything else is a bug and keeps its traceback, and so does everything when `verbose`.
    """
    with forgiving_output():
        try:
            yield
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:
            failure = None if verbose else explain(error)
            if failure is None:
                raise
            _print(failure)
            raise click.exceptions.Exit(1) from None


def _print(failure: Failure) -> None:
    body = Text(failure.message)
    if failure.mend:
        body.append("\n\n" + failure.mend, style="bold")
    body.append("\n\nFull traceback: --verbose", style="dim")
    panel = Panel(body, title=failure.title, title_align="left", border_style="red")
    Console(stderr=True).print(panel)
