"""The configuration comes out of an archive, safely, and a damaged one is named."""

import shutil
from pathlib import Path

import click
import pytest

from metallmix_kedro.cli.conf_archive import unpacked
from metallmix_kedro.support import ParameterError


@pytest.mark.parametrize("kind", ["gztar", "tar", "zip"])
@pytest.mark.parametrize("inner", ["conf", None])
def test_an_archive_is_a_folder_while_the_command_runs(tmp_path: Path, kind, inner):
    prompt = tmp_path / "project/conf/prompts/a.txt"
    prompt.parent.mkdir(parents=True)
    prompt.write_text("say")
    root = tmp_path / "project" if inner else tmp_path / "project/conf"
    archive = shutil.make_archive(str(tmp_path / "packed"), kind, root, inner or ".")
    with click.Context(click.Command("run")):
        folder = Path(unpacked(archive) or "")
        assert (folder / "prompts/a.txt").read_text() == "say"
    assert not folder.exists()


@pytest.mark.parametrize("source", [None, "s3://bucket/conf", "."])
def test_a_folder_and_an_address_are_left_alone(source):
    assert unpacked(source) == source


@pytest.mark.parametrize("name", ["conf.tar.gz", "conf.zip", "conf.yml"])
def test_what_is_no_archive_is_named(tmp_path: Path, name):
    (tmp_path / name).write_bytes(b"not an archive")
    with click.Context(click.Command("run")), pytest.raises(ParameterError, match=name):
        unpacked(str(tmp_path / name))
