"""What the user wants to be good at: the metric that is learned, predicted and compared.

Accuracy hides what happens to rare classes: always naming the largest class may score high. So
the score of a trial is the metric of the objective that is asked for, in the column `SCORE`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from metallmix_kedro.history.columns import ACCURACY, SCORE
from metallmix_kedro.history.comparable import of_usual_image_size
from metallmix_kedro.support import InputError

Objective = Literal["accuracy", "macro_f1", "rarest_class_recall"]
"""The name of a metric, as the parameter ``objective`` has it."""

LEAST_DATASETS = 2
"""With fewer datasets nothing can be learned across them."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The metric of an objective.

    Parameters
    ----------
    column : str
        Where the history has it; of ``history.METRICS``.
    label : str
        As people read it: ``"recall of the rarest class"``.
    phrase : str
        As it stands in a sentence before "of 0.9": ``"a rarest-class recall"``.
    """

    column: str
    label: str
    phrase: str

    @property
    def title(self) -> str:
        """The label at the beginning of a sentence: ``"Macro F1"``."""
        return self.label[0].upper() + self.label[1:]


MEASURES: dict[Objective, Measure] = {
    "accuracy": Measure(ACCURACY, "accuracy", "an accuracy"),
    "macro_f1": Measure("test_f1", "macro F1", "a macro F1"),
    "rarest_class_recall": Measure(
        "test_rarest_recall", "recall of the rarest class", "a rarest-class recall"
    ),
}
"""The metric behind each objective."""


def with_score(history: pd.DataFrame, objective: Objective) -> pd.DataFrame:
    """Keep the trials that can be learned from, with the score that the objective asks for.

    Parameters
    ----------
    history : pandas.DataFrame
        Trials with the columns of the history. It is not changed.
    objective : Objective
        What the user wants to be good at.

    Returns
    -------
    pandas.DataFrame
        The trials that saw images as large as most on their dataset did (`of_usual_image_size`),
        with the column ``score``, in [0, 1]; missing where the metric is.

    Raises
    ------
    InputError
        If such trials finished without the metric, and those that have it are of fewer than
        `LEAST_DATASETS` measured or imported datasets.

    Examples
    --------
    >>> trials = pd.DataFrame({"dataset": ["a", "b"], "source": "measured", "status": "finished",
    ...                        "test_accuracy": [0.9, 0.8], "test_f1": [0.7, 0.6]})
    >>> with_score(trials, "macro_f1")["score"].tolist()
    [0.7, 0.6]
    """
    column = MEASURES[objective].column
    usual = of_usual_image_size(history)
    alike = history if usual.all() else history[usual]
    # A history that was stored earlier lacks the later metrics (`LATER_COLUMNS`).
    scored = alike.assign(**{SCORE: alike.get(column, np.nan)})
    finished = scored[(scored["status"] == "finished") & (scored["source"] != "published")]
    known = finished[finished[SCORE].notna()]
    n_datasets = int(known["dataset"].nunique())
    if len(known) < len(finished) and n_datasets < LEAST_DATASETS:
        raise _too_few(objective, len(known), len(finished), n_datasets)
    return scored


def _too_few(objective: Objective, n_known: int, n_finished: int, n_datasets: int) -> InputError:
    measure = MEASURES[objective]
    return InputError(
        f"The objective {objective} needs the {measure.label} ({measure.column}). Of the "
        f"history's {n_finished:,} finished trials {n_known:,} have it, on {n_datasets} "
        f"dataset{'' if n_datasets == 1 else 's'}; at least {LEAST_DATASETS} datasets are needed. "
        "Measure trials anew, since those recorded before lack it (kedro run "
        "--pipelines=experiment_grid --params=experiment_grid.reuse_history=false), import "
        "trials that have it (docs/importing.md), or ask for another objective "
        f"({', '.join(name for name in MEASURES if name != objective)})."
    )
