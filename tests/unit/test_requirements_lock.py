"""The constraints file pins all that can be installed, and says nothing about where from."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.workspace import PROJECT

LINES = [
    line
    for line in (PROJECT / "requirements.lock").read_text().splitlines()
    if line and not line.startswith("#")
]
PINS = {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in LINES}


def requirements() -> list[Requirement]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(text) for listed in lists for text in listed]


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_one_exact_pin(line):
    assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+", line)


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_every_dependency_is_pinned_within_its_range(requirement):
    name = canonicalize_name(requirement.name)
    if name == "metallmix-kedro":
        return
    assert requirement.specifier.contains(PINS[name])


def test_there_is_no_address_in_it():
    text = (PROJECT / "requirements.lock").read_text()
    assert not re.search(r"https?:|file:|@|--|\bindex\b", text)


def test_the_installers_own_tools_are_not_pinned():
    assert not {"pip", "setuptools", "wheel"} & PINS.keys()
