import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from metallmix_kedro.images.archives import is_archive, unpack, unpacked_name
from metallmix_kedro.support.errors import InputError

LIMIT = 1_000_000


def tar_of(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def zip_of(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


PACKERS = [
    pytest.param(lambda folder, members: tar_of(folder / "set.tar.gz", members), id="tar"),
    pytest.param(lambda folder, members: zip_of(folder / "set.zip", members), id="zip"),
]
Packer = Callable[[Path, dict[str, bytes]], Path]


def files_in(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    )


@pytest.mark.parametrize("pack", PACKERS)
def test_content_arrives(tmp_path: Path, pack: Packer):
    archive = pack(tmp_path, {"set/a/1.png": b"one", "set/b/2.png": b"two"})
    folder = unpack(archive, tmp_path / "out" / "set", LIMIT)
    assert files_in(folder) == ["set/a/1.png", "set/b/2.png"]
    assert (folder / "set/b/2.png").read_bytes() == b"two"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["set"]


@pytest.mark.parametrize("pack", PACKERS)
def test_second_call_leaves_everything_alone(tmp_path: Path, pack: Packer):
    archive = pack(tmp_path, {"a/1.png": b"one"})
    folder = unpack(archive, tmp_path / "out", LIMIT)
    (folder / "a" / "1.png").write_bytes(b"touched")
    unpack(archive, folder, LIMIT)
    assert (folder / "a" / "1.png").read_bytes() == b"touched"


def test_changed_archive_replaces_the_folder(tmp_path: Path):
    archive = tar_of(tmp_path / "set.tar.gz", {"a/1.png": b"one", "a/2.png": b"two"})
    folder = unpack(archive, tmp_path / "out", LIMIT)
    tar_of(archive, {"a/3.png": b"three"})
    os.utime(archive, ns=(1, 1))
    unpack(archive, folder, LIMIT)
    assert files_in(folder) == ["a/3.png"]


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize(
    "name", ["../out.png", "/abs.png", "a/../../b.png", "C:/x.png", "C:\\x.png", "a\\..\\..\\b.png"]
)
def test_member_outside_the_folder_is_refused(tmp_path: Path, pack: Packer, name: str):
    archive = pack(tmp_path, {"a/1.png": b"one", name: b"evil"})
    with pytest.raises(InputError, match="outside"):
        unpack(archive, tmp_path / "out" / "set", LIMIT)
    assert files_in(tmp_path / "out") == []
    assert not (tmp_path / "out" / "set").exists()


@pytest.mark.parametrize(
    ("kind", "word"),
    [(tarfile.SYMTYPE, "link"), (tarfile.LNKTYPE, "link"), (tarfile.FIFOTYPE, "special file")],
)
def test_tar_link_or_pipe_is_refused(tmp_path: Path, kind: bytes, word: str):
    archive = tmp_path / "set.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        info = tarfile.TarInfo("a/link.png")
        info.type, info.linkname = kind, "target.png"
        tar.addfile(info)
    with pytest.raises(InputError, match=f"'a/link.png' is a {word}"):
        unpack(archive, tmp_path / "out", LIMIT)


def test_zip_link_is_refused(tmp_path: Path):
    archive = tmp_path / "set.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        info = zipfile.ZipInfo("a/link.png")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(info, "/etc/passwd")
    with pytest.raises(InputError, match="is a link"):
        unpack(archive, tmp_path / "out", LIMIT)


@pytest.mark.parametrize("pack", PACKERS)
def test_too_large_content_is_refused(tmp_path: Path, pack: Packer):
    archive = pack(tmp_path, {f"a/{k}.png": bytes(400_000) for k in range(3)})
    with pytest.raises(InputError, match="max_unpacked_gb"):
        unpack(archive, tmp_path / "out", LIMIT)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("pack", PACKERS)
def test_cut_off_archive_leaves_nothing(tmp_path: Path, pack: Packer):
    archive = pack(tmp_path, {f"a/{k}.png": os.urandom(50_000) for k in range(5)})
    archive.write_bytes(archive.read_bytes()[:120_000])
    with pytest.raises(InputError, match="get it again"):
        unpack(archive, tmp_path / "out" / "set", LIMIT)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("name", ["set.zip", "set.tar.gz"])
@pytest.mark.parametrize("content", [b"", b"no archive at all"])
def test_not_an_archive_is_an_input_error(tmp_path: Path, name: str, content: bytes):
    archive = tmp_path / name
    archive.write_bytes(content)
    with pytest.raises(InputError, match="cannot be unpacked"):
        unpack(archive, tmp_path / "out", LIMIT)


def test_member_that_is_file_and_folder_is_an_input_error(tmp_path: Path):
    archive = tar_of(tmp_path / "set.tar.gz", {"a": b"file", "a/1.png": b"one"})
    with pytest.raises(InputError, match="cannot be unpacked"):
        unpack(archive, tmp_path / "out", LIMIT)


def test_somebody_elses_folder_is_not_replaced(tmp_path: Path):
    archive = tar_of(tmp_path / "set.tar.gz", {"a/1.png": b"one"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something else"):
        unpack(archive, tmp_path / "out", LIMIT)
    assert (tmp_path / "out" / "precious.txt").read_text() == "mine"


def test_names():
    assert is_archive(Path("a.TAR.GZ"))
    assert not is_archive(Path("a.rar"))
    assert [unpacked_name(Path(name)) for name in ("a.b.tar.gz", "c.zip", "d")] == ["a.b", "c", "d"]
