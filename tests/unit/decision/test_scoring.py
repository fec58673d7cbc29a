import pandas as pd
import pytest

from metallmix_kedro.backbones.registry import get_backbone
from metallmix_kedro.decision import scoring
from metallmix_kedro.decision.prospects import foresee, list_candidates
from metallmix_kedro.decision.scoring import (
    FEWEST_CHOICES,
    AllowedSpace,
    allowed_space,
    choices,
    score_space,
)
from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.explanation.evidence import Candidate
from metallmix_kedro.history.tried import Tried
from metallmix_kedro.search_space import SearchSpace
from metallmix_kedro.support.errors import ArtifactError, ParameterError
from metallmix_kedro.surrogate.model import Surrogate
from tests import made_recommendation as made
from tests.fabricated import SPACE

TARGET = made.HAND_X_RAYS


def with_backbones(*names: str) -> SearchSpace:
    return SPACE.model_copy(update={"backbone": names})


def listed(space: SearchSpace, **limits: float) -> tuple[Candidate, ...]:
    found = foresee(made.known(TARGET), made.learned(), space)
    parameters = made.PARAMETERS.model_copy(update=limits)
    return list_candidates(found, made.surrogate(), parameters)


def test_measured_backbones_are_those_of_the_history() -> None:
    space = with_backbones("Xception", "ResNet50", "EfficientNetLite0")

    allowed = allowed_space(space, made.learned().history.tried, "measured")

    assert allowed.space.backbone == ("Xception", "EfficientNetLite0")
    assert allowed.unmeasured == ()


def test_a_list_restricts_and_extends() -> None:
    space = with_backbones("Xception", "ResNet50", "EfficientNetLite0")

    allowed = allowed_space(space, made.learned().history.tried, ("ResNet50", "Xception"))

    assert allowed.space.backbone == ("ResNet50", "Xception")
    assert allowed.unmeasured == ("ResNet50",)


def test_a_failed_or_published_trial_measures_no_backbone() -> None:
    history = made.history().copy()
    history.loc[history["backbone"] == "Xception", "status"] = "failed"
    history.loc[history["backbone"] == "MobileNetV2_0.35", "learning_rate"] = None

    allowed = allowed_space(SPACE, Tried.of(history), "measured")

    assert allowed.space.backbone == ("EfficientNetLite0",)


def test_an_unknown_backbone_is_refused_by_name() -> None:
    with pytest.raises(ParameterError, match="Xcepton"):
        allowed_space(SPACE, made.learned().history.tried, ("Xcepton",))


def test_a_history_without_finished_trials_is_refused() -> None:
    with pytest.raises(ArtifactError, match="no finished trial"):
        allowed_space(SPACE, Tried.of(made.history().assign(status="failed")), "measured")


def test_candidates_carry_the_surrogates_predictions() -> None:
    candidates = made.evidence().candidates

    assert [one.ref for one in candidates] == ["C1", "C2", "C3", "C4", "C5"]
    assert "surrogate_best" in candidates[0].roles
    assert candidates[0].configuration.backbone == "EfficientNetLite0"
    row = SPACE.frame().merge(pd.DataFrame([candidates[1].configuration.as_dict()]))
    predicted = made.surrogate().predict(row.assign(**TARGET.meta_features.model_dump())).iloc[0]
    assert candidates[1].score == pytest.approx(predicted["score"], abs=1e-4)
    assert candidates[1].training_time_high_s == pytest.approx(
        predicted["training_time_high_s"], abs=1e-4
    )
    for one in candidates:
        assert 0 <= one.score_low <= one.score <= one.score_high <= 1
        assert 0 < one.training_time_low_s <= one.training_time_s <= one.training_time_high_s


def test_contributions_are_those_of_the_configuration_strongest_first() -> None:
    first = made.evidence().candidates[0]

    assert {part.feature for part in first.contributions} == set(configuration_columns())
    strengths = [abs(part.contribution) for part in first.contributions]
    assert strengths == sorted(strengths, reverse=True)
    assert ("learning_rate", "1e-3") in {(part.feature, part.value) for part in first.contributions}


def test_the_best_on_average_is_listed() -> None:
    on_average = [one for one in made.evidence().candidates if "best_on_average" in one.roles]

    assert [one.configuration for one in on_average] == [Tried.of(made.history()).best(SPACE)]


def test_the_best_on_average_is_sought_inside_the_allowed_space() -> None:
    space = SPACE.model_copy(update={"backbone": ("Xception",), "optimizer": ("sgd",)})

    candidates = listed(space)

    assert all(one.configuration in space for one in candidates)
    assert sum("best_on_average" in one.roles for one in candidates) == 1


def test_a_space_outside_the_history_has_no_best_on_average() -> None:
    space = SPACE.model_copy(update={"dense_units": (64,)})

    candidates = listed(space)

    assert len(candidates) == 5
    assert not any("best_on_average" in one.roles for one in candidates)


def test_a_surrogate_without_times_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    predict = Surrogate.predict
    monkeypatch.setattr(
        Surrogate,
        "predict",
        lambda self, *given: predict(self, *given).assign(training_time_s=float("nan")),
    )

    with pytest.raises(ArtifactError, match="training time"):
        score_space(made.known(TARGET), made.surrogate(), SPACE.frame())


def test_large_backbones_and_long_training_can_be_ruled_out() -> None:
    sizes = {name: get_backbone(name).parameters for name in SPACE.backbone}
    limit = sorted(sizes.values())[1]
    space = allowed_space(SPACE, made.learned().history.tried, "measured", limit).space
    assert set(space.backbone) == {name for name, size in sizes.items() if size <= limit}
    with pytest.raises(ParameterError, match=r"max_parameters = 7 .* smallest .* MobileNetV2_0.35"):
        allowed_space(SPACE, made.learned().history.tried, "measured", 7)

    def times(seconds: float) -> list[float]:
        return [one.training_time_s for one in listed(SPACE, max_training_time_s=seconds)]

    free = times(1e9)
    limit_s = sorted(free)[1]
    assert max(times(limit_s)) <= limit_s + 1e-4 < max(free)
    with pytest.raises(ParameterError, match=r"max_training_time_s = 1e-09 s; the fastest"):
        times(1e-9)


def measured(n_configurations: int) -> Tried:
    """Measure configurations on four datasets, and one more on a single one."""
    space = SPACE.frame()
    every = space.sample(n_configurations + 1, random_state=0).reset_index(drop=True)
    table = pd.concat(
        [
            every.head(len(every) if number == 0 else n_configurations).assign(
                dataset=f"set {number}", source="measured", proposer="named", status="finished"
            )
            for number in range(4)
        ],
        ignore_index=True,
    )
    return Tried.of(table.assign(score=[i / len(table) for i in range(len(table))]))


OTHERS = [name for name in configuration_columns() if name != "backbone"]


def test_what_was_measured_widely_is_offered_where_it_is_choice_enough() -> None:
    tried = measured(FEWEST_CHOICES)
    allowed = allowed_space(SPACE, tried, "measured")
    offered = choices(allowed, tried, "measured")
    widely = tried.widely()
    assert len(widely) == FEWEST_CHOICES == len(tried.configurations) - 1
    assert len(offered) == len(offered.merge(widely)) == FEWEST_CHOICES
    assert len(choices(allowed, tried, "space")) == allowed.space.size


def test_of_few_backbones_what_was_measured_widely_with_any_is_offered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = measured(FEWEST_CHOICES)
    space = with_backbones(SPACE.backbone[0])
    allowed, there = allowed_space(space, tried, "measured"), space.frame().merge(tried.widely())
    monkeypatch.setattr(scoring, "FEWEST_OFFERED", len(there))
    assert len(choices(allowed, tried, "measured")) == len(there) > 0
    monkeypatch.setattr(scoring, "FEWEST_OFFERED", len(there) + 1)
    offered = choices(allowed, tried, "measured")
    pd.testing.assert_frame_equal(
        offered.sort_values(OTHERS)[OTHERS].reset_index(drop=True),
        tried.widely().sort_values(OTHERS)[OTHERS].drop_duplicates().reset_index(drop=True),
        check_dtype=False,
    )


def test_all_is_offered_where_little_was_measured_widely() -> None:
    fewer = measured(FEWEST_CHOICES - 1)
    allowed = allowed_space(SPACE, fewer, "measured")
    assert len(choices(allowed, fewer, "measured")) == allowed.space.size
    assert len(choices(allowed, fewer, "measured", fewest=1)) == FEWEST_CHOICES - 1
    unlike = allowed_space(SPACE.model_copy(update={"dense_units": (77,)}), fewer, "measured")
    assert len(choices(unlike, measured(FEWEST_CHOICES), "measured")) == unlike.space.size


def test_of_a_backbone_never_measured_what_was_measured_widely_with_others_is_offered() -> None:
    tried = measured(FEWEST_CHOICES)
    space = with_backbones(*SPACE.backbone, "ResNet50")
    offered = choices(AllowedSpace(space, unmeasured=("ResNet50",)), tried, "measured")
    of_new = offered[offered["backbone"] == "ResNet50"]
    assert len(of_new) == len(tried.widely()[OTHERS].drop_duplicates())
    assert len(of_new.merge(tried.widely(), on=OTHERS)) >= len(of_new)
    assert len(offered) == len(of_new) + FEWEST_CHOICES
