"""Texts that are written as templates."""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template


def text_template(path: Path, **filters: Callable[..., str]) -> Template:
    """Read a Jinja template of plain text or Markdown, in which nothing is escaped.

    Parameters
    ----------
    path : Path
        Its file.
    **filters
        What it may call, by name.
    """
    environment = Environment(  # noqa: S701 (no HTML)
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters.update(filters)
    return environment.from_string(path.read_text("utf-8"))
