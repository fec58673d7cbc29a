"""KerasTuner's Hyperband on the plain Keras loop, for `benchmarks.within_budget`.

It needs keras-tuner, which is no dependency of the project.
"""

import time
from typing import Any

import keras_tuner

from benchmarks.keras_loop import Batches, KerasLoop
from metallmix_kedro.grid import ExperimentGridParameters, MeasuredDataset
from metallmix_kedro.search_space import Configuration, SearchSpace


def search(
    dataset: MeasuredDataset, parameters: ExperimentGridParameters, space: SearchSpace
) -> list[tuple[float, float, float]]:
    """Search once through all brackets, on the first fold.

    Returns
    -------
    list of tuple
        After each model: seconds, validation accuracy of the best so far, its test accuracy.
    """
    curve: list[tuple[float, float, float]] = []
    loop = KerasLoop(dataset, parameters)
    split = loop.splits.make(1, 0, None, parameters.seed)[0]
    started = time.monotonic()

    class Model(keras_tuner.HyperModel):  # type: ignore[misc]
        """A configuration of the space."""

        def build(self, hp: Any) -> Any:
            values = (space.model_extra or {}).items()
            drawn = {name: hp.Choice(name, list(some)) for name, some in values}
            self.configuration = Configuration.from_mapping(drawn)
            self.images = loop.images(self.configuration)
            return loop.build(self.configuration, self.images.shape[1])

        def fit(self, _: Any, model: Any, *__: Any, **options: Any) -> Any:
            images, labels, rows = self.images, loop.labels, split.validation
            batches = Batches(
                images, labels, split.train, self.configuration.batch_size, parameters.seed
            )
            options["validation_data"] = (images[rows], labels[rows])
            told = model.fit(batches, **options)
            _, test = model.evaluate(images[split.test], labels[split.test], verbose=0)
            best = curve[-1][1:] if curve else (-1.0, 0.0)
            best = max(best, (max(told.history["val_accuracy"]), float(test)))
            curve.append((time.monotonic() - started, *best))
            return told

    tuner = keras_tuner.Hyperband(
        Model(),
        objective="val_accuracy",
        max_epochs=max(dict(parameters.protocol.max_epochs).values()),
        seed=parameters.seed,
        directory=str(parameters.cache.root),
        project_name="hyperband",
    )
    tuner.search(verbose=0)
    return curve
