"""What frozen features say of a dataset: numbers that cost one forward pass and no training."""

import math

import numpy as np
import numpy.typing as npt

from metallmix_kedro.support import require

Features = npt.NDArray[np.floating]
"""Shape (n_images, n_features)."""
Labels = npt.NDArray[np.int64]
"""Shape (n_images,): class numbers, 0 to n_classes - 1."""

_STRENGTH = 0.01
"""Inverse L2 penalty of the linear probe on standardised features."""
_BINS = 10
_LEAST_EVIDENCE_STEPS = 1e-3
_MAX_EVIDENCE_STEPS = 11


def linear_probe(
    features: Features, labels: Labels, n_folds: int, seed: int
) -> npt.NDArray[np.float64]:
    """Predict each image's class by logistic regression on the features of the other folds.

    Alain and Bengio, "Understanding intermediate layers using linear classifier probes", 2016.
    Features are standardised and, being more than the images, rotated into as few dimensions as
    hold all images, both without their labels: an L2 penalty knows no rotation. Folds are
    stratified.

    Parameters
    ----------
    features : ndarray
        Shape (n_images, n_features).
    labels : ndarray
        Shape (n_images,).
    n_folds : int
        At least 2; fewer are made where the smallest class has fewer images.
    seed : int
        Seed of the folds.

    Returns
    -------
    ndarray
        Shape (n_images, n_classes): probabilities in [0, 1], rows sum to 1.

    Raises
    ------
    ValueError
        If a class has fewer than two images.
    """
    smallest = int(np.bincount(labels).min())
    if smallest < 2:
        raise ValueError("a linear probe needs at least two images of every class")
    model_selection = require("sklearn.model_selection", "learn")
    model = require("sklearn.linear_model", "learn").LogisticRegression(C=_STRENGTH, max_iter=1000)
    folds = model_selection.StratifiedKFold(min(n_folds, smallest), shuffle=True, random_state=seed)
    predicted: npt.NDArray[np.float64] = model_selection.cross_val_predict(
        model, _compressed(features), labels, cv=folds, method="predict_proba"
    )
    return predicted


def _compressed(features: Features) -> npt.NDArray[np.float64]:
    values = np.asarray(features, dtype=np.float64)
    spread = values.std(axis=0)
    standardised = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    left, singular, _ = np.linalg.svd(standardised, full_matrices=False)
    return np.asarray(left * singular)


def accuracy(probabilities: npt.NDArray[np.float64], labels: Labels) -> float:
    """Return the share of images whose most probable class is theirs, in [0, 1]."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def negative_log_likelihood(probabilities: npt.NDArray[np.float64], labels: Labels) -> float:
    """Return the mean of -ln(probability of the right class), at least 0."""
    right = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(right, 1e-12, 1.0)).mean())


def calibration_error(probabilities: npt.NDArray[np.float64], labels: Labels) -> float:
    """Return the expected calibration error over ten bins of confidence, in [0, 1].

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    error = 0.0
    for number in np.unique(bins):
        inside = bins == number
        error += float(inside.mean()) * abs(
            float(right[inside].mean()) - float(confidence[inside].mean())
        )
    return error


def nearest_neighbour_error(features: Features, labels: Labels) -> float:
    """Return the share of images whose nearest other image (by cosine) is of another class."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / np.where(lengths > 0, lengths, 1.0)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -np.inf)
    return float((labels[similarity.argmax(axis=1)] != labels).mean())


def intrinsic_dimension(features: Features) -> float:
    """Return the dimension of the manifold that the features lie on, by two nearest neighbours.

    Facco, d'Errico, Rodriguez and Laio, "Estimating the intrinsic dimension of datasets by a
    minimal neighborhood information", Scientific Reports 7, 2017; the maximum likelihood
    estimate of its equation 5, without images that have a copy.

    Returns
    -------
    float
        Above 0; NaN with fewer than three different images.
    """
    values = np.asarray(features, dtype=np.float64)
    squares = (values**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None, :] - 2 * values @ values.T, 0.0)
    np.fill_diagonal(distances, np.inf)
    if len(values) < 3:
        return math.nan
    nearest = np.sqrt(np.partition(distances, 1, axis=1)[:, :2])
    # Rounding leaves copies a distance of about 1e-7 of their length.
    apart = nearest[:, 0] > 1e-6 * np.sqrt(squares.mean())
    ratios = nearest[apart, 1] / nearest[apart, 0]
    logarithms = float(np.log(ratios).sum())
    return math.nan if logarithms <= 0 else float(apart.sum()) / logarithms


def log_evidence(features: Features, labels: Labels) -> float:
    """Return LogME: the mean log evidence of a Bayesian linear model of the labels.

    You, Liu, Wang and Long, "LogME: Practical Assessment of Pre-trained Models for Transfer
    Learning", ICML 2021, algorithm 1 on the singular values, one target a class (one against the
    rest). Higher is better; comparable between backbones on the same images only.
    """
    values = np.asarray(features, dtype=np.float64)
    left, singular, _ = np.linalg.svd(values, full_matrices=False)
    evidences = [
        _one_against_rest(left, singular**2, (labels == number).astype(np.float64), values.shape[1])
        for number in range(int(labels.max()) + 1)
    ]
    return float(np.mean(evidences))


def _one_against_rest(
    left: npt.NDArray[np.float64],
    eigenvalues: npt.NDArray[np.float64],
    target: npt.NDArray[np.float64],
    n_features: int,
) -> float:
    """Maximise the evidence over the precisions alpha (weights) and beta (noise)."""
    n = len(target)
    projected = (left.T @ target) ** 2
    outside = max(float((target**2).sum() - projected.sum()), 0.0)
    alpha = beta = 1.0
    for _ in range(_MAX_EVIDENCE_STEPS):
        ratio = alpha / beta
        gamma = float((eigenvalues / (eigenvalues + ratio)).sum())
        weights = float((eigenvalues * projected / (eigenvalues + ratio) ** 2).sum())
        residual = float((projected / (1 + eigenvalues / ratio) ** 2).sum()) + outside
        alpha = gamma / (weights + 1e-5)
        beta = (n - gamma) / (residual + 1e-5)
        if abs(alpha / beta - ratio) / ratio <= _LEAST_EVIDENCE_STEPS:
            break
    evidence = (
        n_features / 2 * math.log(alpha)
        + n / 2 * math.log(beta)
        - 0.5 * float(np.log(alpha + beta * eigenvalues).sum())
        - (n_features - len(eigenvalues)) / 2 * math.log(alpha)
        - beta / 2 * residual
        - alpha / 2 * weights
        - n / 2 * math.log(2 * math.pi)
    )
    return evidence / n


def colourfulness(pixels: npt.NDArray[np.uint8]) -> float:
    """Return the mean colourfulness of images: 0 is grey, above about 80 is vivid.

    Hasler and Süsstrunk, "Measuring colourfulness in natural images", SPIE 2003, metric M3.

    Parameters
    ----------
    pixels : ndarray
        Shape (n_images, height, width, 3), RGB, 0 to 255.
    """
    red, green, blue = np.moveaxis(pixels.astype(np.float32), -1, 0)
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    axes = (1, 2)
    spread = np.sqrt(red_green.var(axis=axes) + yellow_blue.var(axis=axes))
    offset = np.hypot(red_green.mean(axis=axes), yellow_blue.mean(axis=axes))
    return float((spread + 0.3 * offset).mean())
