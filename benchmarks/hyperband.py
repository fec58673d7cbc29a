"""KerasTuner's Hyperband on the plain Keras loop, for `benchmarks.within_budget`.

It needs keras-tuner, and tensorboard, which that imports: neither is a dependency of the project.
"""

from collections.abc import Callable
from typing import Any

import keras
import keras_tuner
from keras_tuner.errors import FatalError

from benchmarks.keras_loop import Batches, KerasLoop
from metallmix_kedro.grid import ExperimentGridParameters, MeasuredDataset
from metallmix_kedro.search_space import Configuration, SearchSpace


def search(
    dataset: MeasuredDataset,
    parameters: ExperimentGridParameters,
    space: SearchSpace,
    told: Callable[[float, float], None],
    is_time_left: Callable[[], bool],
) -> None:
    """Search once through all brackets, on the first fold; go on where it was stopped.

    Parameters
    ----------
    dataset, parameters, space
        What is searched, and how trials are measured; what is done lies in the cache's folder.
    told : callable
        Is told of each model that was trained: validation and test accuracy.
    is_time_left : callable
        Whether another model may be trained.
    """
    loop = KerasLoop(dataset, parameters)
    split = loop.splits.make(1, 0, None, parameters.seed)[0]

    class Model(keras_tuner.HyperModel):  # type: ignore[misc]
        """A configuration of the space."""

        def build(self, hp: Any) -> Any:
            values = (space.model_extra or {}).items()
            drawn = {name: hp.Choice(name, list(some)) for name, some in values}
            self.configuration = Configuration.from_mapping(drawn)
            self.images = loop.images(self.configuration)
            return loop.build(self.configuration, self.images.shape[1])

        def fit(self, _: Any, model: Any, *__: Any, **options: Any) -> Any:
            if not is_time_left():
                raise FatalError("The time is used.")
            images, labels, rows = self.images, loop.labels, split.validation
            batches = Batches(
                images, labels, split.train, self.configuration.batch_size, parameters.seed
            )
            options["validation_data"] = (images[rows], labels[rows])
            # Tested is the best epoch's network, which is the one that KerasTuner keeps.
            best = keras.callbacks.EarlyStopping(
                "val_accuracy", patience=options["epochs"], restore_best_weights=True
            )
            options["callbacks"] = [*options["callbacks"], best]
            history = model.fit(batches, **options)
            _, test = model.evaluate(images[split.test], labels[split.test], verbose=0)
            told(max(history.history["val_accuracy"]), float(test))
            return history

    tuner = keras_tuner.Hyperband(
        Model(),
        objective="val_accuracy",
        max_epochs=max(dict(parameters.protocol.max_epochs).values()),
        seed=parameters.seed,
        directory=str(parameters.cache.root),
        project_name="hyperband",
    )
    try:
        tuner.search(verbose=0)
    except FatalError:
        return
