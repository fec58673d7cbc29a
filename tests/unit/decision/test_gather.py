import pandas as pd
import pytest

from metallmix_kedro.decision.gather import number_trials, strongest_attributions
from metallmix_kedro.decision.scoring import AllowedSpace
from metallmix_kedro.decision.target_warnings import warn_about_target
from metallmix_kedro.declared import meta_feature_columns
from metallmix_kedro.meta_features import MetaFeatures, compute_meta_features
from metallmix_kedro.meta_features.target import TargetDescription
from tests import made_recommendation as made
from tests.fabricated import SPACE


def test_trials_are_numbered_by_similarity_and_carry_their_strongest_features() -> None:
    trials = made.evidence().trials

    assert [trial.ref for trial in trials] == [f"T{number}" for number in range(1, 9)]
    distances = [trial.distance for trial in trials]
    assert distances == sorted(distances)
    assert [part.feature for part in trials[0].top_features] == ["backbone", "optimizer", "dropout"]


def test_a_trial_newer_than_the_attributions_has_no_features() -> None:
    similar = made.similar_to(made.HAND_X_RAYS.meta_features)

    trials = number_trials(similar, made.trial_top_features().head(0))

    assert [trial.top_features for trial in trials] == [()] * 8


def test_trials_of_unknown_training_time_are_left_out() -> None:
    similar = made.similar_to(made.HAND_X_RAYS.meta_features)
    similar[0] = similar[0].model_copy(update={"training_time_s": None})

    trials = number_trials(similar, made.trial_top_features())

    assert [trial.trial_id for trial in trials] == [one.trial_id for one in similar[1:]]
    assert trials[0].ref == "T1"


def test_attributions_are_the_strongest_values_that_can_be_chosen() -> None:
    space = SPACE.restricted(backbone=["Xception", "EfficientNetLite0"])

    shown = strongest_attributions(made.attribution_by_value(), space, 4)

    assert len(shown) == 4
    strengths = [abs(one.mean_contribution) for one in shown]
    assert strengths == sorted(strengths, reverse=True)
    values = {(one.feature, one.value) for one in shown}
    assert ("backbone", "EfficientNetLite0") in values
    assert ("learning_rate", "1e-5") in values
    assert ("backbone", "MobileNetV2_0.35") not in values
    assert not any(one.feature == "modality" for one in shown)


def warnings_for(
    description: TargetDescription, history: pd.DataFrame | None = None, **changes: object
) -> tuple[str, ...]:
    parameters = made.PARAMETERS.model_copy(update={"few_datasets": 1, **changes})
    allowed = AllowedSpace(space=SPACE, unmeasured=())
    learned = made.learned() if history is None else made.learned_from(history)
    return warn_about_target(made.known(description, learned), learned, allowed, parameters)


def described(
    sizes: dict[str, int] | None = None, side: float = 128, modality: str = "X-ray"
) -> TargetDescription:
    features = compute_meta_features(sizes or {"a": 500, "b": 400}, side, side, modality)
    return TargetDescription(name="target", meta_features=features)


def test_an_ordinary_target_gets_no_warning() -> None:
    known = made.history().query("dataset == 'fabricated_2'").iloc[0]
    twin = MetaFeatures.model_validate({name: known[name] for name in meta_feature_columns()})

    assert warnings_for(TargetDescription(name="twin", meta_features=twin)) == ()


@pytest.mark.parametrize(
    ("description", "said"),
    [
        (described(modality="thermal"), "modality 'thermal'"),
        (described(side=4000), "larger or smaller than any measured"),
        (described(side=20), "larger or smaller than any measured"),
        (described(sizes={"a": 900, "b": 20}), "45.0 times"),
        (described(sizes={"a": 900_000, "b": 900_000}, side=5000), "Unlike anything"),
    ],
)
def test_what_is_unusual_is_said(description: TargetDescription, said: str) -> None:
    assert any(said in warning for warning in warnings_for(description))


@pytest.mark.parametrize(
    ("subset_size", "n_train", "is_said"),
    [
        (100.0, None, True),
        (450.0, None, False),
        (None, None, False),
        # How many trained a network counts, where that is told.
        (450.0, 100.0, True),
        (100.0, 800.0, False),
    ],
)
def test_a_history_of_far_fewer_images_than_the_target_has_is_said(
    subset_size: float | None, n_train: float | None, is_said: bool
) -> None:
    measured = made.history().assign(subset_size=subset_size, image_size=96.0)
    measured["n_train"] = pd.Series(n_train, measured.index, dtype="float64")
    said = [text for text in warnings_for(described(), measured) if "as many as ever" in text]
    assert bool(said) is is_said
    if is_said:
        assert "accuracy is predicted for about 100 images" in said[0]
        assert "all 900, expect a higher one" in said[0]


def test_own_trials_of_another_image_size_are_said_to_be_set_aside() -> None:
    measured = made.history().assign(image_size=96.0)
    own = measured.head(3).assign(
        **described().meta_features.model_dump(),
        dataset="target",
        trial_id=["a", "b", "c"],
        image_size=[128.0, 224.0, 128.0],
    )
    said = warnings_for(described(), pd.concat([measured, own], ignore_index=True))
    assert [text for text in said if "of another size" in text] == [
        "1 of the trials on 'target' saw images of another size (224 px) than most of them did; "
        "they are compared with none."
    ]
    alike = pd.concat([measured, own.assign(image_size=224.0)], ignore_index=True)
    assert not any("of another size" in text for text in warnings_for(described(), alike))


def test_few_datasets_are_said() -> None:
    assert any("only 6 measured" in text for text in warnings_for(described(), few_datasets=7))


def test_what_the_target_itself_warns_of_comes_first() -> None:
    noted = described().model_copy(update={"warnings": ("2 files do not count: 2 truncated.",)})

    assert warnings_for(noted)[0] == "2 files do not count: 2 truncated."


def test_unmeasured_backbones_are_said() -> None:
    allowed = AllowedSpace(space=SPACE, unmeasured=("ResNet50",))

    target = made.known(described())
    said = warn_about_target(target, made.learned(), allowed, made.PARAMETERS)

    assert any("ResNet50" in text for text in said)


def test_the_target_itself_is_not_counted_among_the_measured() -> None:
    rows = made.history().query("dataset == 'fabricated_0'")[[*meta_feature_columns()]]
    features = MetaFeatures.model_validate(rows.iloc[0].to_dict())
    own = TargetDescription(name="fabricated_0", meta_features=features)

    assert any("only 5 measured" in text for text in warnings_for(own, few_datasets=6))
