"""A script that trains the same network in plain Keras, without this project."""

from importlib.metadata import version
from pathlib import Path

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import require, text_template
from metallmix_kedro.training.fitting import Schedule
from metallmix_kedro.training.network import TRAINED_LAYERS, optimizer_class, weight_decay

_EVERY_LAYER = 10_000


def write_script(
    configuration: Configuration,
    dataset: str,
    image_size: int,
    kept_share: float,
    schedule: Schedule,
) -> str:
    """Write a training script of plain Keras.

    Parameters
    ----------
    configuration : Configuration
        What is trained.
    dataset : str
        Name of the dataset, for the first line.
    image_size : int
        Side of the images in pixels.
    kept_share : float
        Share of the images that tell when to stop, in (0, 0.5].
    schedule : Schedule
        For how long.

    Returns
    -------
    str
        Python. It trains on images in another order, so its network is another one, as good.
    """
    trained = {"feature_extraction": 0, "full": _EVERY_LAYER, **TRAINED_LAYERS}
    backend = require("keras", "experiments").backend.backend()
    return text_template(Path(__file__).parent / "templates/train.py.j2").render(
        name=configuration.backbone,
        # In the first lines of a script, a name must not end the string it stands in.
        dataset="".join(sign for sign in dataset if sign.isalnum() or sign in " _.-"),
        configuration=configuration,
        augmentation=configuration.get("augmentation", "none"),
        n_trained=trained[configuration.strategy],
        side=image_size,
        every=max(2, round(1 / kept_share)),
        optimizer=optimizer_class(configuration.optimizer).__name__,
        decay=weight_decay(configuration) or None,
        patience=schedule.patience,
        max_epochs=schedule.max_epochs,
        freeze=schedule.freeze_batch_norm,
        seed=schedule.seed,
        keras=version("keras"),
        backend=backend,
    )
