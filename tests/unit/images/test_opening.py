"""DICOM and more than eight bits a channel: what is shown, and what is said of the rest."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEGLossless, generate_uid

from metallmix_kedro.images.inspection import inspect_file, read_size
from metallmix_kedro.images.manifest import build_manifest
from metallmix_kedro.images.opening import is_deep, open_image
from metallmix_kedro.images.pictures import draw_dataset
from metallmix_kedro.images.reasons import MENDS, Reason, mends
from metallmix_kedro.images.summary import describe_summary, summarise_manifest
from metallmix_kedro.support.errors import MissingExtraError
from metallmix_kedro.training.inputs.pixels import load_pixels
from tests.unit.images.samples import entry, make_dataset, parameters

LIMIT = 10_000
RAMP = np.linspace(0, 4000, 48).reshape(6, 8)


def dicom(path: Path, pixels: np.ndarray | None, **tags: Any) -> Path:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = tags.pop("TransferSyntaxUID", ExplicitVRLittleEndian)
    meta.MediaStorageSOPClassUID = meta.MediaStorageSOPInstanceUID = generate_uid()
    data = pydicom.Dataset()
    data.file_meta = meta
    if pixels is not None:
        data.Rows, data.Columns = pixels.shape[-2:] if pixels.shape[-1] != 3 else pixels.shape[:2]
        data.BitsAllocated = data.BitsStored = 8 * pixels.itemsize
        data.HighBit = data.BitsStored - 1
        data.PixelRepresentation = int(pixels.dtype.kind == "i")
        data.SamplesPerPixel = 3 if pixels.shape[-1] == 3 else 1
        data.PlanarConfiguration = 0
        data.PhotometricInterpretation = "RGB" if pixels.shape[-1] == 3 else "MONOCHROME2"
        data.PixelData = pixels.tobytes()
        data["PixelData"].VR = "OW"
    for name, value in tags.items():
        setattr(data, name, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path


def grey(path: Path) -> np.ndarray:
    with open_image(path) as image:
        assert image.mode == "L"
        return np.asarray(image)


@pytest.mark.parametrize("name", ["x.dcm", "x.DICOM", "IM0001"])
def test_dicom_is_read_by_its_own_window(tmp_path: Path, name: str):
    # Hounsfield units: 1,000 to 2,000 stored is 0 to 1,000, of which 250 to 750 are shown.
    stored = np.linspace(1000, 2000, 48).reshape(6, 8).astype(np.uint16)
    path = dicom(
        tmp_path / name, stored,
        RescaleSlope=1, RescaleIntercept=-1000, WindowCenter=[500, 40], WindowWidth=[500, 80],
    )  # fmt: skip
    expected = ((stored - 1000.0 - 250) / 500).clip(0, 1) * 255
    np.testing.assert_allclose(grey(path), expected, atol=1)
    found = inspect_file(path, LIMIT)
    assert (found.reason, found.size, found.mode) == (None, (8, 6), "DICOM")
    assert read_size(str(path), LIMIT) == (8, 6)


def test_dicom_whose_white_is_low_is_turned_over(tmp_path: Path):
    low = dicom(tmp_path / "a.dcm", RAMP.astype(np.uint16))
    high = dicom(
        tmp_path / "b.dcm", RAMP.astype(np.uint16), PhotometricInterpretation="MONOCHROME1"
    )
    np.testing.assert_array_equal(grey(high), 255 - grey(low))


def test_dicom_in_colour_is_as_it_is(tmp_path: Path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    with open_image(dicom(tmp_path / "x.dcm", pixels)) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_are_shown_from_percentile_to_percentile(tmp_path: Path, ending: str):
    pixels = RAMP.astype(np.uint16)
    pixels[0, 0] = 65_535  # one hot pixel leaves the others as bright as they were
    Image.fromarray(pixels).save(tmp_path / f"x.{ending}")
    low, high = np.percentile(pixels.astype(float), (0.5, 99.5))
    shown = grey(tmp_path / f"x.{ending}")
    np.testing.assert_allclose(shown, ((pixels - low) / (high - low)).clip(0, 1) * 255, atol=1)


def test_nothing_but_one_value_or_none_at_all(tmp_path: Path):
    for number, value in enumerate((7.0, np.nan, np.inf)):
        Image.fromarray(np.full((5, 4), value, np.float32)).save(tmp_path / f"{number}.tif")
        assert len(np.unique(grey(tmp_path / f"{number}.tif"))) == 1


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: dicom(path, np.zeros((3, 6, 8), np.uint8), NumberOfFrames=3), "frames"),
        (lambda path: dicom(path, None), "not_an_image"),
        (lambda path: dicom(path, np.zeros((101, 100), np.uint8)), "too_large"),
    ],
    ids=["series", "report", "large"],
)
def test_dicom_that_is_no_image_to_use(tmp_path: Path, make: Any, reason: str):
    path = make(tmp_path / "x.dcm")
    expected = Reason.SEVERAL_FRAMES if reason == "frames" else Reason[reason.upper()]
    assert inspect_file(path, LIMIT).reason is expected
    assert read_size(str(path), LIMIT) is expected


def test_dicom_cut_off_or_compressed_beyond_reading(tmp_path: Path):
    path = dicom(tmp_path / "x.dcm", RAMP.astype(np.uint16))
    path.write_bytes(path.read_bytes()[:-20])
    assert inspect_file(path, LIMIT).reason is Reason.DAMAGED
    packed = dicom(tmp_path / "y.dcm", RAMP.astype(np.uint16))
    data = pydicom.dcmread(packed)
    data.file_meta.TransferSyntaxUID = JPEGLossless
    data.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8 lossless"])
    data["PixelData"].is_undefined_length = True
    data.save_as(packed)
    assert inspect_file(packed, LIMIT).reason is Reason.COMPRESSED
    assert "gdcmconv" in MENDS[Reason.COMPRESSED]


def test_without_pydicom_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def lacking(module: str, extra: str) -> Any:
        raise MissingExtraError(module, extra)

    path = dicom(tmp_path / "x.dcm", RAMP.astype(np.uint16))
    monkeypatch.setattr("metallmix_kedro.images.opening.require", lacking)
    assert inspect_file(path, LIMIT).reason is Reason.DICOM
    assert read_size(str(path), LIMIT) is Reason.DICOM
    assert '".[medical]"' in mends([Reason.DICOM])


def test_without_its_plugin_the_extra_of_heic_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def lacking(module: str, extra: str) -> Any:
        raise MissingExtraError(module, extra)

    path = tmp_path / "IMG_1.HEIC"
    path.write_bytes(b"\x00\x00\x00\x18ftypheic")
    monkeypatch.setattr("metallmix_kedro.images.opening.require", lacking)
    assert inspect_file(path, LIMIT).reason is Reason.HEIC
    assert read_size(str(path), LIMIT) is Reason.HEIC
    assert '".[heic]"' in mends([Reason.HEIC])


@pytest.mark.parametrize("name", ["IMG_1.HEIC", "IMG_1"])
def test_heic_is_read_upright_and_what_is_damaged_is_told(tmp_path: Path, name: str):
    heif = pytest.importorskip("pillow_heif", reason="needs the extra [heic]")
    shown = np.zeros((64, 96, 3), np.uint8)
    shown[:32] = (200, 40, 40)
    path = tmp_path / name
    written = heif.from_pillow(Image.fromarray(shown))
    written.save(path, quality=-1)
    with open_image(path) as image:
        assert (image.mode, image.size) == ("RGB", (96, 64))
        np.testing.assert_allclose(np.asarray(image), shown, atol=12)
    found = inspect_file(path, LIMIT)
    assert (found.reason, found.size, found.mode) == (None, (96, 64), "RGB")
    assert read_size(str(path), LIMIT) == (96, 64)
    assert read_size(str(path), 100) is Reason.TOO_LARGE
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert inspect_file(path, LIMIT).reason in (Reason.DAMAGED, Reason.NOT_AN_IMAGE)
    written.add_from_pillow(Image.fromarray(shown[::-1]))
    written.save(path)
    assert inspect_file(path, LIMIT).reason is Reason.SEVERAL_FRAMES


def test_avif_is_read(tmp_path: Path):
    Image.new("RGB", (40, 30), (9, 90, 200)).save(tmp_path / "x.avif")
    assert inspect_file(tmp_path / "x.avif", LIMIT).size == (40, 30)
    assert read_size(str(tmp_path / "x.avif"), LIMIT) == (40, 30)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("scan.nii.gz", Reason.VOLUME),
        ("scan.NII", Reason.VOLUME),
        ("slide.svs", Reason.VOLUME),
        ("IMG_1.CR2", Reason.OTHER_FORMAT),
        ("logo.svg", Reason.OTHER_FORMAT),
        ("IMG_1.HEIC", Reason.NOT_AN_IMAGE),
        ("notes.txt", Reason.NOT_AN_IMAGE),
    ],
)
def test_what_is_not_read_says_what_it_is(tmp_path: Path, name: str, reason: Reason):
    path = tmp_path / name
    path.write_bytes(b"nothing of its kind")
    assert inspect_file(path, LIMIT).reason is reason
    assert read_size(str(path), LIMIT) is reason


def test_every_reason_has_a_mend():
    assert MENDS.keys() == set(Reason)
    for reason in (Reason.VOLUME, Reason.OTHER_FORMAT):
        assert "target.card" in MENDS[reason]


def test_from_files_to_training(tmp_path: Path):
    root = make_dataset(tmp_path / "set", {"healthy": 2})
    rng = np.random.default_rng(0)
    for k in range(4):
        dicom(root / "ill" / f"{k}.dcm", rng.integers(0, 4000, (6, 8), dtype=np.uint16))
        deep = rng.integers(0, 60_000, (6, 8), dtype=np.uint16)
        Image.fromarray(deep).save(root / "healthy" / f"deep_{k}.png")
    manifest = build_manifest(root, entry(), parameters(tmp_path, n_folds=2))
    assert manifest["mode"].map(is_deep).sum() == 8
    assert summarise_manifest(manifest)["n_windowed"] == 8
    said = describe_summary("scans", summarise_manifest(manifest))
    assert "8 of more than 8 bits a channel: windowed to 8, DICOM by its own window" in said
    draw_dataset("scans", manifest, root)
    listed = zip(manifest["path"], manifest["content_hash"], strict=True)
    assert load_pixels(root, listed, 8).shape == (10, 8, 8, 3)
