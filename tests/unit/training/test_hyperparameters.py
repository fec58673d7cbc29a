from typing import Any

import pytest

from metallmix_kedro.backbones import BACKBONES
from metallmix_kedro.declared import Declaration, in_force, used
from metallmix_kedro.search_space import SearchSpace
from metallmix_kedro.support.errors import ParameterError
from metallmix_kedro.training.hyperparameters import (
    CARRIED_OUT,
    check_space,
    effective_values,
    image_size_of,
)
from tests.declared_space import base_parameters
from tests.trial_examples import MORE, configuration, declared_too


def space() -> SearchSpace:
    """All that is declared."""
    return SearchSpace.model_validate(values())


def values() -> dict[str, Any]:
    return {name: one.values for name, one in in_force().hyperparameters.items()}


def declared(**entries: Any) -> Any:
    """Declare entries besides or in place of those of conf/base; None takes one out."""
    base = base_parameters()
    return used(
        Declaration.from_parameters({**base, "search_space": base["search_space"] | entries})
    )


def of_base(name: str, **changes: Any) -> dict[str, Any]:
    return {**base_parameters()["search_space"][name], **changes}


def test_all_that_conf_base_declares_can_be_trained() -> None:
    check_space(space(), 96)
    check_space(space(), None)
    assert set(values()) <= set(CARRIED_OUT)


def test_all_that_the_trainer_knows_can_be_declared() -> None:
    with declared_too(*MORE):
        assert set(values()) == set(CARRIED_OUT)
        check_space(space().restricted(backbone=["MobileNetV2_0.35", "EfficientNetLite0"]), 96)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"momentum": {"kind": "number", "values": [0.9]}}, r"with momentum .* knows backbone, st"),
        ({"dropout": None}, r"lacks dropout"),
        (
            {"dense_units": of_base("dense_units", values=[0, 512])},
            r"units 0 is not .* at least 1",
        ),
        (
            {"optimizer": of_base("optimizer", values=["adam", "lion"])},
            r"'lion' is none .*rmsprop",
        ),
        (
            {"backbone": of_base("backbone", values=["EfficientNetLite0", "ViT"])},
            r"backbone 'ViT' is none of .*Xception",
        ),
        (
            {"strategy": of_base("strategy", order=[], values=["last_20"])},
            r"'last_20' is none of",
        ),
        (
            {"batch_size": {"kind": "number", "values": [16.0]}},
            r"batch_size 16\.0 is not a whole number",
        ),
        ({"image_size": {**MORE["image_size"], "values": [16]}}, r"image_size 16 is not"),
        ({"image_size": {**MORE["image_size"], "values": [64, 96]}}, r"of 64 pixels .* Xception"),
        ({"weight_decay": {**MORE["weight_decay"], "values": [1.5]}}, r"weight_decay 1\.5 is not"),
        (
            {"weight_decay": {**MORE["weight_decay"], "default": 0.1}},
            r"weight_decay\.default has to be 0\.0",
        ),
        (
            {"weight_decay": {"kind": "number", "values": [0.1]}},
            r"weight_decay\.default has to be 0\.0",
        ),
        (
            {"augmentation": {**MORE["augmentation"], "when": {}}},
            r"only full computes from images .* \{strategy: \[full\]\}",
        ),
        (
            {"augmentation": {**MORE["augmentation"], "when": {"strategy": ["last_10", "full"]}}},
            r"only full computes from images",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused_by_name(entries: dict[str, Any], said: str) -> None:
    with declared(**entries), pytest.raises(ParameterError, match=said):
        check_space(space(), 96)


def test_images_too_small_for_a_backbone_are_refused_by_the_protocol_too() -> None:
    with pytest.raises(ParameterError, match="images of 64 pixels are too small for Xception"):
        check_space(space(), 64)


def test_augmentation_needs_no_condition_where_everything_is_fine_tuned() -> None:
    with declared(augmentation={**MORE["augmentation"], "when": {}}):
        check_space(space().restricted(strategy=["full"]), 96)


def test_what_is_off_makes_no_trial_another_one() -> None:
    plain = effective_values(configuration("full"))
    with declared_too("weight_decay", "augmentation"):
        off, on = (0, "none"), (0.1, "light")
        found = {
            (decay, how): effective_values(
                configuration("full", weight_decay=decay, augmentation=how)
            )
            for decay in (0, 0.1)
            for how in ("none", "light")
        }
    assert found[off] == plain
    assert found[on] == {**plain, "weight_decay": 0.1, "augmentation": "light"}
    assert len({str(one) for one in found.values()}) == 4


def test_the_searched_size_goes_before_the_protocols_and_that_before_the_backbones() -> None:
    one = configuration()
    assert image_size_of(one, None) == BACKBONES[one.backbone].default_image_size
    assert image_size_of(one, 96) == 96
    with declared_too("image_size"):
        assert image_size_of(configuration(image_size=48), 96) == 48
