import copy
import json

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.declared import Declaration, used
from metallmix_kedro.history.objective import with_score
from metallmix_kedro.support.errors import ArtifactError, InputError
from metallmix_kedro.surrogate.encoding import surrogate_features
from metallmix_kedro.surrogate.fit import fit_surrogate
from metallmix_kedro.surrogate.model import BASE_VALUE, Surrogate
from tests.declared_space import base_parameters
from tests.fabricated import BACKBONE_EFFECT, RATE_EFFECT


def test_predictions_lie_inside_their_intervals_on_the_frames_index(surrogate, history):
    frame = history.sample(frac=0.5, random_state=0)
    predicted = surrogate.predict(frame)
    assert predicted.index.equals(frame.index)
    for point, low, high in (
        ("relative_score", "relative_low", "relative_high"),
        ("score", "score_low", "score_high"),
        ("training_time_s", "training_time_low_s", "training_time_high_s"),
    ):
        assert predicted[point].between(predicted[low], predicted[high]).all(), point
        assert (predicted[low] < predicted[high]).all(), point
    assert predicted[["score", "score_low", "score_high"]].stack().between(0, 1).all()
    assert (predicted["training_time_low_s"] > 0).all()


def test_the_truth_is_learned(surrogate, history):
    predicted = surrogate.predict(history)
    truth = history["backbone"].map(BACKBONE_EFFECT) + history["learning_rate"].map(RATE_EFFECT)
    assert predicted["relative_score"].corr(truth) > 0.95
    times = np.log(predicted["training_time_s"]).groupby(history["strategy"]).mean()
    assert times.sort_values().index.tolist() == [
        "feature_extraction",
        "last_10",
        "last_30",
        "full",
    ]


def test_what_is_predicted_depends_on_how_many_images_train(history, parameters):
    gain = history["strategy"].map(
        {"feature_extraction": -0.1, "last_10": 0.0, "last_30": 0.0, "full": 0.1}
    )
    small = history.assign(level="100", n_train=100.0, score=history["score"] - gain)
    large = history.assign(level="all", n_train=1500.0, score=history["score"] + gain)
    both = pd.concat([small, large.assign(trial_id="all-" + large["trial_id"])], ignore_index=True)
    surrogate = fit_surrogate(both, parameters, seed=1)
    means = [
        surrogate.predict(rows)["relative_score"].groupby(rows["strategy"]).mean()
        for rows in (small, large)
    ]
    assert means[0]["feature_extraction"] > means[0]["full"] + 0.1
    assert means[1]["feature_extraction"] < means[1]["full"] - 0.1
    for rows in (both, history):
        contributions = surrogate.contributions(rows).sum(axis=1)
        np.testing.assert_allclose(
            contributions, surrogate.predict(rows)["relative_score"], atol=1e-5
        )


def test_contributions_sum_to_the_prediction(surrogate, history):
    contributions = surrogate.contributions(history)
    assert contributions.columns.tolist() == [*surrogate_features(), BASE_VALUE]
    np.testing.assert_allclose(
        contributions.sum(axis=1), surrogate.predict(history)["relative_score"], atol=1e-5
    )
    strongest = contributions.drop(columns=BASE_VALUE).abs().mean().nlargest(2)
    assert set(strongest.index) == {"backbone", "learning_rate"}


def test_a_backbone_never_measured_has_a_wider_interval(history, parameters):
    slower = history["backbone"].map({name: 4.0**n for n, name in enumerate(BACKBONE_EFFECT)})
    history["training_time_s"] *= slower
    surrogate, known = fit_surrogate(history, parameters, seed=1), history.head(1)
    predicted = surrogate.predict(pd.concat([known, known.assign(backbone="VGG16")]))
    width = (predicted["relative_high"] - predicted["relative_low"]).to_numpy()
    ratio = (predicted["training_time_high_s"] / predicted["training_time_low_s"]).to_numpy()
    assert width[1] >= width[0]
    assert ratio[1] > ratio[0]


def test_no_rows_in_no_rows_out(surrogate, history):
    nothing = history.head(0)
    assert surrogate.predict(nothing).shape == (0, 9)
    assert surrogate.contributions(nothing).shape == (0, 30)


def test_a_target_nobody_has_seen_is_predicted(surrogate, history):
    row = history.head(1).assign(modality="sonar", backbone="VGG16", n_instances=1e9)
    assert np.isfinite(surrogate.predict(row).to_numpy()).all()


def test_a_missing_feature_is_named(surrogate, history):
    with pytest.raises(InputError, match="n_classes"):
        surrogate.predict(history.drop(columns="n_classes"))


def test_a_stored_surrogate_predicts_the_same(surrogate, history):
    score_model, time_model, card = surrogate.artifacts()
    again = Surrogate.from_artifacts(score_model, time_model, json.loads(json.dumps(card)))
    pd.testing.assert_frame_equal(again.predict(history), surrogate.predict(history))
    assert again.card == surrogate.card


def test_the_card_describes_every_column(surrogate):
    card = surrogate.artifacts()[2]
    assert [column["name"] for column in card["columns"]] == list(surrogate.encoder.columns)
    assert card["training"]["n_trials"] == {"measured": 200}
    assert len(card["training"]["datasets"]) == 5
    assert set(card["packages"]) == {"metallmix-kedro", "numpy", "pandas", "xgboost"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format_version",), 1),
        (("fingerprint",), "short"),
        (("encoder", "backbones"), None),
        (("calibration", "widths", "none", "score"), "wide"),
        (("calibration", "widths", "none", "score"), -1.0),
        (("spread", "shared"), 3),
        (("spread", "own"), -1),
        (("score_scale",), {}),
        (("surprise",), 1),
    ],
)
def test_a_corrupt_card_is_refused_with_the_key_and_the_mend(surrogate, path, value):
    score_model, time_model, card = surrogate.artifacts()
    broken = copy.deepcopy(card)
    place = broken
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ArtifactError, match=rf"{path[-1]}.*--pipelines=meta_learning"):
        Surrogate.from_artifacts(score_model, time_model, broken)


@pytest.mark.parametrize("card", [{}, [], "text", None])
def test_what_is_no_card_is_refused(surrogate, card):
    score_model, time_model, _ = surrogate.artifacts()
    with pytest.raises(ArtifactError, match="surrogate_card"):
        Surrogate.from_artifacts(score_model, time_model, card)


def test_columns_that_contradict_the_encoder_are_refused(surrogate):
    score_model, time_model, card = surrogate.artifacts()
    kept = [column for column in card["columns"] if column["name"] != "optimizer=adam"]
    with pytest.raises(ArtifactError, match="contradicts itself"):
        Surrogate.from_artifacts(score_model, time_model, {**card, "columns": kept})


def test_a_card_of_another_objective_is_refused_with_the_command_that_fits_it(surrogate):
    with pytest.raises(ArtifactError, match=r"--params=objective=macro_f1") as caught:
        Surrogate.from_artifacts(*surrogate.artifacts(), "macro_f1")
    assert "kedro run --pipelines=meta_learning,explainability,retrieval" in str(caught.value)


def test_the_card_says_what_its_scores_are(history, parameters):
    by_f1 = with_score(history.assign(test_f1=1 - history["test_accuracy"]), "macro_f1")
    artifacts = fit_surrogate(by_f1, parameters, 1, "macro_f1").artifacts()
    assert artifacts[2]["training"]["objective"] == "macro_f1"
    Surrogate.from_artifacts(*artifacts, "macro_f1")
    with pytest.raises(ArtifactError, match=r"is of the objective macro_f1, but accuracy"):
        Surrogate.from_artifacts(*artifacts)


def test_a_card_from_before_there_were_objectives_is_of_accuracy(surrogate):
    score_model, time_model, card = surrogate.artifacts()
    older = copy.deepcopy(card)
    del older["training"]["objective"]
    assert Surrogate.from_artifacts(score_model, time_model, older).card == surrogate.card


def test_models_and_cards_of_different_fits_are_not_mixed(surrogate, history, parameters):
    score_model, time_model, card = surrogate.artifacts()
    other = fit_surrogate(history, parameters, seed=2).artifacts()
    with pytest.raises(ArtifactError, match="score_model and surrogate_card"):
        Surrogate.from_artifacts(other[0], time_model, card)
    with pytest.raises(ArtifactError, match="time_model and surrogate_card"):
        Surrogate.from_artifacts(score_model, other[1], card)
    with pytest.raises(ArtifactError, match="given as score_model"):
        Surrogate.from_artifacts(time_model, score_model, card)


def declaring(space=None, known=None) -> Declaration:
    """Declare what conf/base does with changes; None takes out."""
    base = copy.deepcopy(base_parameters())
    base["search_space"].update(space or {})
    base["meta_features"]["declared"].update(known or {})
    return Declaration.from_parameters(base)


@pytest.mark.parametrize(
    ("declaration", "differs"),
    [
        (declaring({"optimizer": None}), "differ in optimizer"),
        (declaring({"decay": {"kind": "number", "values": [0.0]}}), "differ in decay"),
        (declaring({"plan": {"kind": "category", "values": ["a"]}}), "differ in plan"),
        (declaring(known={"origin": {"kind": "category"}}), "differ in origin"),
        (declaring({"backbone": None}), "differ in backbone, backbone_"),
        (declaring(known={"modality": {"kind": "number"}}), "differ in modality"),
    ],
)
def test_a_card_of_another_declaration_is_refused(surrogate, declaration, differs):
    artifacts = surrogate.artifacts()
    with (
        used(declaration),
        pytest.raises(ArtifactError, match=rf"{differs}.*--pipelines=meta_learning"),
    ):
        Surrogate.from_artifacts(*artifacts)


def test_a_history_of_one_backbone_is_enough(history, parameters):
    one = history[history["backbone"] == "Xception"]
    surrogate = fit_surrogate(one, parameters, seed=1)
    assert np.isfinite(surrogate.predict(one).to_numpy()).all()
    assert np.isfinite(surrogate.predict(one.assign(backbone="VGG16")).to_numpy()).all()


def test_a_domain_needs_no_classes_and_may_have_ordered_meta_features(history, parameters):
    known = {"n_classes": None, "size": {"kind": "ordered"}}
    sized = history.drop(columns="n_classes").assign(
        size=np.where(history["n_instances"] > 2000, "large", "small")
    )
    with used(declaring(known=known)):
        surrogate = fit_surrogate(sized, parameters, seed=1)
        assert np.isfinite(surrogate.predict(sized).to_numpy()).all()
        assert {"size=large", "size=small"} <= set(surrogate.encoder.columns)
        assert surrogate.card.score_scale.highest.slopes == {}
