import subprocess
import sys

import pytest

from metallmix_kedro.backbones import BACKBONES, get_backbone
from metallmix_kedro.support.errors import ParameterError

PAPER = (
    "Xception",
    "EfficientNetB5",
    "ResNet50",
    "InceptionV3",
    "NASNetMobile",
    "DenseNet121",
    "EfficientNetB0",
)


def test_the_papers_seven_come_first_with_keras_weights() -> None:
    assert tuple(BACKBONES)[: len(PAPER)] == PAPER
    assert {BACKBONES[name].weights for name in PAPER} == {"imagenet"}


@pytest.mark.parametrize("name", BACKBONES)
def test_facts_are_in_their_ranges(name: str) -> None:
    backbone = get_backbone(name)
    assert backbone.name == name
    assert 0.5 < backbone.imagenet_top1 < 0.9
    assert 32 <= backbone.min_image_size <= backbone.default_image_size <= 456
    assert "arXiv:" in backbone.citation


def test_an_unknown_backbone_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(ParameterError, match=r"'ResNet' is not registered.*ResNet50"):
        get_backbone("ResNet")


def test_the_facts_come_without_a_training_library() -> None:
    code = (
        "import sys, metallmix_kedro.backbones.build;"
        "sys.exit(bool({'tensorflow', 'keras', 'jax', 'torch', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
