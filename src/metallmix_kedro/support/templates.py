"""Texts and pages that are written as templates."""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

Filter = Callable[..., object]


def text_template(path: Path, **filters: Filter) -> Template:
    """Read a Jinja template of plain text or Markdown, in which nothing is escaped.

    Parameters
    ----------
    path : Path
        Its file.
    **filters
        What it may call, by name.
    """
    return _template(path, filters, autoescape=False)


def html_template(path: Path, **filters: Filter) -> Template:
    """Read a Jinja template of a page, in which all that it is filled with is escaped."""
    return _template(path, filters, autoescape=True)


def _template(path: Path, filters: dict[str, Filter], autoescape: bool) -> Template:
    environment = Environment(
        loader=FileSystemLoader(path.parent),
        autoescape=autoescape,  # noqa: S701 (pages are escaped)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=not autoescape,
    )
    environment.filters.update(filters)
    return environment.get_template(path.name)
