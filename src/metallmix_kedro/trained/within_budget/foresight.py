"""What is to be expected of configurations on the target: all that a search asks of what decides.

What the history says is conditioned on each trial, as the recommendation is on trials of one's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.decision import DECIMALS, PREDICTIONS, DecisionParameters, allowed_space
from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.explanation import Candidate, Target
from metallmix_kedro.history import SCORE, History, Objective
from metallmix_kedro.meta_features import add_probes
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.support import Unchanging, xgboost
from metallmix_kedro.surrogate import Float32Array, Surrogate


@dataclass(frozen=True, eq=False)
class Known(Unchanging):
    """What a recommendation was made of, as it is stored."""

    history: pd.DataFrame
    score_model: xgboost.Booster
    time_model: xgboost.Booster
    surrogate_card: dict[str, Any]
    probes: pd.DataFrame
    space: SearchSpace
    decision: DecisionParameters


class Foresight:
    """The n configurations that may be tried on a target, and what is expected of them.

    Parameters
    ----------
    target : Target
        Its name and meta-features.
    outside : bool
        Whether it is unlike anything in the history: then averages count, not what trees have
        learned of differences.
    objective : Objective
        What the history's scores are.
    known : Known

    Raises
    ------
    ArtifactError, ParameterError
        As a recommendation.
    """

    def __init__(self, target: Target, outside: bool, objective: Objective, known: Known) -> None:
        history = History.scored(known.history, objective)
        self._surrogate = Surrogate.from_artifacts(
            known.score_model, known.time_model, known.surrogate_card, objective
        )
        limits = known.decision
        allowed = allowed_space(known.space, history.tried, limits.backbones, limits.max_parameters)
        facts = {"dataset": target.name, **target.meta_features.as_dict()}
        frame = add_probes(allowed.space.frame().assign(**facts), known.probes)
        frame = frame.join(self._surrogate.predict(frame))
        seconds = limits.max_training_time_s or float("inf")
        self._frame = frame[frame["training_time_s"] <= seconds].reset_index(drop=True)
        expected = self._frame["relative_score"]
        if outside:
            expected = self._surrogate.average(self._frame)
        self._before = self._surrogate.outlook(self._frame, expected)
        self._earlier = self._placed(history.own_trials(target.name))
        self.configurations = [
            Configuration.from_mapping({str(name): row[name] for name in row})
            for row in self._frame[[*configuration_columns()]].to_dict("records")
        ]
        self.seconds = self._frame["training_time_s"].to_numpy(dtype=np.float64)

    def _placed(self, own: pd.DataFrame) -> dict[int, tuple[float, int]]:
        """Find earlier trials on the target among the configurations; of several, the best."""
        names = [*configuration_columns()]
        numbered = self._frame[names].assign(place=np.arange(len(self._frame)))
        found = own.merge(numbered, on=names)
        return {
            int(place): (float(score), 1)
            for place, score in zip(found["place"][::-1], found[SCORE][::-1], strict=True)
        }

    def draws(self, trials: Mapping[int, tuple[float, int]]) -> Float32Array:
        """Return what the relative scores may be after some trials, shape (m, n).

        Parameters
        ----------
        trials : mapping
            By place: score in [0, 1], and how many trials it counts as.
        """
        told = {**self._earlier, **trials}
        if not told:
            return self._before.draws
        places = [place for place, (_, weight) in told.items() for _ in range(weight)]
        scores = np.array([told[place][0] for place in places])
        relative = self._surrogate.relative_score(scores, self._frame.iloc[places])
        seed = self._surrogate.card.training.seed
        return self._before.after(places, relative, seed).draws

    def candidate(self, place: int) -> Candidate:
        """Describe a configuration with what was predicted of it before any of these trials."""
        row = self._frame.iloc[place]
        predicted = {name: round(float(row[name]), DECIMALS) for name in PREDICTIONS}
        return Candidate(
            ref="measured",
            configuration=self.configurations[place],
            roles=("best_measured",),
            contributions=(),
            **predicted,
        )
