"""The obvious Keras loop over trials, which the engine is compared with.

For each trial and fold: the pretrained backbone with the paper's head, frozen as the strategy says
and compiled; ``fit`` sends all images through the whole network in every epoch. In its favour the
images of a dataset are decoded once and held in memory.

Seeds, splits, order of examples, initial head and early stopping are those of the engine, so that
the scores of both sides can be compared trial by trial.
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from metallmix_kedro.backbones.build import build_backbone, preprocess
from metallmix_kedro.backbones.registry import BACKBONES
from metallmix_kedro.grid.measuring import MeasuredDataset
from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.training.inputs.pixels import load_pixels
from metallmix_kedro.training.inputs.splits import (
    ImageSplits,
    Indices,
    Split,
    batches,
    draw_subset,
)
from metallmix_kedro.training.network import TRAINED_LAYERS, add_head

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}


class Batches(keras.utils.PyDataset):
    """Training batches in the engine's order; `begin` is called before every epoch."""

    def __init__(
        self,
        images: NDArray[np.float32],
        labels: NDArray[np.int64],
        rows: Indices,
        batch_size: int,
        seed: int,
    ) -> None:
        super().__init__()
        self._images, self._labels = images, labels
        self._rows, self._batch_size, self._seed = rows, batch_size, seed
        self.begin(0)

    def begin(self, epoch: int) -> None:
        """Shuffle for an epoch."""
        self._batches = list(batches(self._rows, self._batch_size, self._seed, epoch))

    def __len__(self) -> int:
        """Count the batches."""
        return len(self._batches)

    def __getitem__(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return one batch."""
        rows = self._batches[number]
        return self._images[rows], self._labels[rows]


class KerasLoop:
    """Measures configurations on one dataset, one by one.

    Parameters
    ----------
    dataset : MeasuredDataset
        What to measure on.
    parameters : ExperimentGridParameters
        The protocol, weights and seed.
    """

    def __init__(self, dataset: MeasuredDataset, parameters: ExperimentGridParameters) -> None:
        self._parameters = parameters
        self._root = dataset.root
        protocol = parameters.protocol
        self._drawn = draw_subset(dataset.manifest, protocol.subset_size, parameters.seed)
        self.splits = ImageSplits(self._drawn, protocol.validation_share, parameters.seed)
        classes = self._drawn["class_name"].astype("category").cat.codes
        self.labels = np.asarray(classes, dtype=np.int64)
        self._pixels: dict[int, NDArray[np.uint8]] = {}

    def measure(self, configuration: Configuration) -> float:
        """Train on all images and test on each fold; return the mean accuracy on the test folds."""
        protocol = self._parameters.protocol
        images = self.images(configuration)
        n_folds = getattr(protocol.n_folds, configuration.strategy)
        tested = getattr(protocol.min_tested, configuration.strategy)
        splits = self.splits.make(n_folds, tested, None, self._parameters.seed)
        scores = [self._measure_fold(configuration, images, split) for split in splits]
        return float(np.mean(scores))

    def images(self, configuration: Configuration) -> NDArray[np.float32]:
        """Return all images as a configuration's backbone takes them."""
        own = BACKBONES[configuration.backbone].default_image_size
        size = self._parameters.protocol.image_size or own
        return preprocess(configuration.backbone, self._decoded(size))

    def _decoded(self, size: int) -> NDArray[np.uint8]:
        if size not in self._pixels:
            listed = zip(self._drawn["path"], self._drawn["content_hash"], strict=True)
            self._pixels[size] = load_pixels(self._root, listed, size)
        return self._pixels[size]

    def _measure_fold(
        self, configuration: Configuration, images: NDArray[np.float32], split: Split
    ) -> float:
        protocol, labels = self._parameters.protocol, self.labels
        model = self.build(configuration, images.shape[1])
        train = Batches(
            images, labels, split.train, configuration.batch_size, self._parameters.seed
        )
        model.fit(
            train,
            validation_data=(images[split.validation], labels[split.validation]),
            epochs=getattr(protocol.max_epochs, configuration.strategy),
            shuffle=False,
            verbose=0,
            callbacks=[
                keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, _: train.begin(epoch)),
                keras.callbacks.EarlyStopping(
                    "val_accuracy", patience=protocol.patience, restore_best_weights=True
                ),
            ],
        )
        _, accuracy = model.evaluate(images[split.test], labels[split.test], verbose=0)
        return float(accuracy)

    def build(self, configuration: Configuration, image_size: int) -> Any:
        """Build and compile the network of a configuration."""
        parameters = self._parameters
        keras.utils.set_random_seed(parameters.seed)
        weights = parameters.weights.get(configuration.backbone)
        backbone = build_backbone(configuration.backbone, image_size, weights)
        freeze(backbone, configuration.strategy, parameters.protocol.freeze_batch_norm)
        pooled = keras.layers.GlobalAveragePooling2D()(backbone.output)
        n_classes = int(self.labels.max()) + 1
        model = keras.Model(
            backbone.input, add_head(pooled, configuration, n_classes, parameters.seed)
        )
        model.compile(
            optimizer=OPTIMIZERS[configuration.optimizer](configuration.learning_rate),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        return model


def freeze(backbone: Any, strategy: str, freeze_batch_norm: bool) -> None:
    """Freeze what a strategy does not train; a frozen layer drops nothing either."""
    n_layers = len(backbone.layers)
    n_trained = {"feature_extraction": 0, "full": n_layers, **TRAINED_LAYERS}[strategy]
    for number, layer in enumerate(backbone.layers):
        is_trained = number >= n_layers - n_trained
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = is_trained and not (is_norm and freeze_batch_norm)
        if isinstance(layer, keras.layers.Dropout) and not is_trained:
            layer.rate = 0.0
