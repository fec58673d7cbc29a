"""The templates of what people look at, with the words and numbers they are filled with."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from metallmix_kedro.explanation import formatting, names
from metallmix_kedro.search_space import phrase


@cache
def template(name: str) -> Template:
    """Return a template of the folder ``templates``; what it is filled with is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=formatting.percent,
        duration=formatting.duration,
        ratio=formatting.ratio,
        chance=formatting.chance,
        signed=formatting.signed,
        named=formatting.readable_name,
        title=names.title,
        title_parts=names.title_parts,
        details=names.details,
        phrase=phrase,
        role=formatting.ROLES.__getitem__,
    )
    environment.globals |= {"percent_range": formatting.percent_range, "told": names.told}
    return environment.get_template(name)
