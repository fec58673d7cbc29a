import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from metallmix_kedro.images.sources import resolve_root
from metallmix_kedro.support.errors import InputError, MissingExtraError
from tests.unit.images.samples import entry, make_dataset, parameters
from tests.unit.images.test_archives import zip_of


def test_folder_is_used_as_it_is(tmp_path: Path):
    make_dataset(tmp_path / "set", {"a": 1})
    assert resolve_root("set", entry(), parameters(tmp_path)) == tmp_path / "set"


def test_absolute_path_ignores_the_root(tmp_path: Path):
    make_dataset(tmp_path / "elsewhere", {"a": 1})
    given = entry(path=str(tmp_path / "elsewhere"))
    assert resolve_root("set", given, parameters(tmp_path / "root")) == tmp_path / "elsewhere"


def test_archive_is_unpacked_below_the_unpacked_root(tmp_path: Path):
    zip_of(tmp_path / "set.zip", {"a/1.png": b"one"})
    root = resolve_root("set", entry(path="set.zip"), parameters(tmp_path))
    assert root == tmp_path / "unpacked" / "set"
    assert (root / "a/1.png").read_bytes() == b"one"


def test_other_file_is_refused(tmp_path: Path):
    (tmp_path / "set.rar").write_bytes(b"?")
    with pytest.raises(InputError, match=r"set\.rar is a file"):
        resolve_root("set", entry(path="set.rar"), parameters(tmp_path))


def test_missing_path_says_where_to_put_it(tmp_path: Path):
    with pytest.raises(InputError, match=r"'set' is not at .*set\..*datasets_root"):
        resolve_root("set", entry(), parameters(tmp_path))


def test_missing_kagglehub_names_path_handle_and_extra(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(MissingExtraError) as caught:
        resolve_root("set", entry(kaggle="owner/data"), parameters(tmp_path))
    for part in (str(tmp_path / "set"), "owner/data", '".[kaggle]"'):
        assert part in str(caught.value)


def test_kaggle_handle_is_downloaded(tmp_path: Path, monkeypatch):
    downloaded = {"owner/data": str(tmp_path / "cache")}
    monkeypatch.setitem(
        sys.modules, "kagglehub", SimpleNamespace(dataset_download=downloaded.__getitem__)
    )
    given = entry(path=None, kaggle="owner/data")
    assert resolve_root("set", given, parameters(tmp_path)) == tmp_path / "cache"


def test_failed_download_names_path_and_handle(tmp_path: Path, monkeypatch):
    def fail(handle: str) -> str:
        raise ConnectionError("no network")

    monkeypatch.setitem(sys.modules, "kagglehub", SimpleNamespace(dataset_download=fail))
    with pytest.raises(InputError) as caught:
        resolve_root("set", entry(kaggle="owner/data"), parameters(tmp_path))
    for part in (str(tmp_path / "set"), "owner/data", "no network", "by hand"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"use": ("other",)}, "use names other, not in the registry; it has set"),
        ({"use": ("set", "set")}, "twice"),
        ({"use": ()}, "at least 1 item"),
        ({"registry": {"../set": entry()}, "use": ("../set",)}, "pattern"),
        ({"n_folds": 1}, "greater than or equal to 2"),
        ({"max_pixels": 0}, "greater than or equal to 1"),
        ({"folds": 4}, "not permitted"),
    ],
)
def test_wrong_parameters_are_refused(tmp_path: Path, values: dict, message: str):
    with pytest.raises(ValidationError, match=message):
        parameters(tmp_path, **values)


def test_entry_without_source_is_refused():
    with pytest.raises(ValidationError, match="path or a kaggle handle"):
        entry(path=None)
