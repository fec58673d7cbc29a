"""The surrogate as others use it: predictions with intervals, and what they are made of."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.declared import network
from metallmix_kedro.history import Objective
from metallmix_kedro.support import ArtifactError, xgboost
from metallmix_kedro.surrogate.card import MEND, SurrogateCard, read_card
from metallmix_kedro.surrogate.encoding import FeatureEncoder, surrogate_features
from metallmix_kedro.surrogate.point import PointModel
from metallmix_kedro.surrogate.uncertainty.calibration import SCALES
from metallmix_kedro.surrogate.uncertainty.outlook import Outlook
from metallmix_kedro.surrogate.uncertainty.probe_levels import known_level
from metallmix_kedro.surrogate.uncertainty.scales import FloatArray

BASE_VALUE = "base_value"
"""The column of `Surrogate.contributions` that holds the prediction before any feature."""


class Surrogate:
    """Predicts score and training time of a configuration on a dataset (paper, section 2.2).

    Made by ``fit.fit_surrogate`` or `from_artifacts`.

    Parameters
    ----------
    point : PointModel
        The two models and their scales.
    card : SurrogateCard
        Intervals and provenance.
    """

    def __init__(self, point: PointModel, card: SurrogateCard) -> None:
        self._point = point
        self.card = card

    @classmethod
    def from_artifacts(
        cls,
        score_model: xgboost.Booster,
        time_model: xgboost.Booster,
        card: Mapping[str, Any],
        objective: Objective = "accuracy",
    ) -> "Surrogate":
        """Put a stored surrogate together again.

        Parameters
        ----------
        score_model, time_model : xgboost.Booster
            As `artifacts` returned them.
        card : mapping
            The parsed JSON of the card.
        objective : Objective
            What is asked for.

        Raises
        ------
        ArtifactError
            If the card is corrupt, of another format or objective, or the models are not those of
            the card.
        """
        checked = read_card(card, objective)
        for role, model in (("score_model", score_model), ("time_model", time_model)):
            _check_belongs(role, model, checked)
        point = PointModel(
            encoder=checked.encoder,
            score_model=score_model,
            time_model=time_model,
            score_scale=checked.score_scale,
            device_scale=checked.device_scale,
        )
        return cls(point, checked)

    def artifacts(self) -> tuple[xgboost.Booster, xgboost.Booster, dict[str, Any]]:
        """Return score model, time model and card (ready for JSON), as they are stored."""
        card = self.card.model_dump(mode="json")
        return self._point.score_model, self._point.time_model, card

    @property
    def encoder(self) -> FeatureEncoder:
        """What turns trials and candidates into the models' input."""
        return self._point.encoder

    def predict(self, frame: pd.DataFrame, relative_score: pd.Series | None = None) -> pd.DataFrame:
        """Predict score and training time with intervals.

        Parameters
        ----------
        frame : pandas.DataFrame
            Trials, or a target's meta-features next to candidates: the columns
            `surrogate_features`; n rows. Unknown values may be missing.
        relative_score : pandas.Series, optional
            What is expected of them in place of what the models say, n values on the frame's
            index. The intervals keep their width, which holds for what the models say.

        Returns
        -------
        pandas.DataFrame
            n rows on the frame's index. ``relative_score`` (may leave [0, 1] a little),
            ``relative_low``, ``relative_high``; ``score``, ``score_low``, ``score_high``
            (of the objective, in [0, 1]); ``training_time_s``, ``training_time_low_s``,
            ``training_time_high_s`` (seconds on the card's reference device; missing where the
            history has no times). The level of the intervals stands in ``card.calibration``.

        Raises
        ------
        InputError
            If a feature has no column.
        """
        point = self._point.predict(frame)
        if relative_score is not None:
            scale = self._point.score_scale
            point = point.assign(
                relative_score=relative_score,
                score=scale.score(relative_score.to_numpy(dtype=np.float64), frame),
            )
        return self._with_intervals(frame, point)

    def _with_intervals(self, frame: pd.DataFrame, point: pd.DataFrame) -> pd.DataFrame:
        widths = self._half_widths(frame)
        relative, score = point["relative_score"], point["score"]
        log_time, time_width = point["log_training_time"], widths["log_training_time"]
        return pd.DataFrame(
            {
                "relative_score": relative,
                # A recorded trial lies in [0, 1]; the interval ends there unless the prediction
                # itself is outside.
                "relative_low": np.minimum(relative, (relative - widths["relative_score"]).clip(0)),
                "relative_high": np.maximum(
                    relative, (relative + widths["relative_score"]).clip(upper=1)
                ),
                "score": score,
                "score_low": (score - widths["score"]).clip(lower=0),
                "score_high": (score + widths["score"]).clip(upper=1),
                "training_time_s": np.exp(log_time),
                "training_time_low_s": np.exp(log_time - time_width),
                "training_time_high_s": np.exp(log_time + time_width),
            }
        )

    def outlook(self, frame: pd.DataFrame, expected: pd.Series) -> Outlook:
        """Return what is expected of configurations before any trial, and what may be instead.

        Parameters
        ----------
        frame : pandas.DataFrame
            Configurations, n rows.
        expected : pandas.Series
            Their expected relative scores, from `predict`.
        """
        return Outlook.before(self.card.spread, frame, expected)

    def relative_score(self, score: FloatArray, frame: pd.DataFrame) -> FloatArray:
        """Put accuracies of trials on the scale of the predictions, shape (n,).

        Parameters
        ----------
        score : ndarray
            Accuracies in [0, 1], shape (n,).
        frame : pandas.DataFrame
            The trials' meta-features and probes, n rows.
        """
        return self._point.score_scale.relative_score(score, frame)

    def _half_widths(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return those for what is known of the frame's trials by probes, a column a scale."""
        calibration, level = self.card.calibration, known_level(frame)
        measured = pd.Series(True, index=frame.index)
        if name := network():
            measured = frame[name].isin(self.encoder.categories[name])
        kinds = {kind: calibration.at(level, kind) for kind in (True, False)}
        return pd.DataFrame(
            {
                name: measured.map({kind: one[name] for kind, one in kinds.items()})
                for name in SCALES
            }
        ).astype("float64")

    def contributions(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Say what each feature adds to the predicted relative score (TreeSHAP).

        Exact Shapley values of the trees (Lundberg et al., "From local explanations to global
        understanding with explainable AI for trees", 2020), as XGBoost computes them itself; the
        columns of a one-hot feature are added up.

        Parameters
        ----------
        frame : pandas.DataFrame
            As for `predict`; n rows.

        Returns
        -------
        pandas.DataFrame
            Shape (n, features + 1) on the frame's index: a column a feature in the order of
            `surrogate_features`, and ``base_value``, all in units of the relative score. A row
            sums to its predicted relative score.
        """
        encoder = self.encoder
        encoded = encoder.transform(frame)
        matrix = xgboost.DMatrix(encoded)
        by_column = np.asarray(
            self._point.score_model.predict(matrix, pred_contribs=True), dtype=np.float64
        ).reshape(len(frame), len(encoder.columns) + 1)
        features = surrogate_features()
        owners = pd.Index(features).get_indexer(pd.Index([*encoder.feature_of.values()]))
        belongs = (owners[:, np.newaxis] == np.arange(len(features))).astype(np.float64)
        table = pd.DataFrame(by_column[:, :-1] @ belongs, index=frame.index, columns=list(features))
        return table.assign(**{BASE_VALUE: by_column[:, -1]})


def _check_belongs(role: str, model: xgboost.Booster, card: SurrogateCard) -> None:
    attributes = model.attributes()
    if attributes.get("role") != role:
        raise ArtifactError(
            f"The model given as {role} is not one ({attributes.get('role') or 'no surrogate'}). "
            f"{MEND}"
        )
    same = attributes.get("fingerprint") == card.fingerprint
    if not same or model.num_features() != len(card.columns):
        raise ArtifactError(
            f"{role} and surrogate_card come from different fits. Load the versions that were "
            f"saved together, or fit again. {MEND}"
        )
