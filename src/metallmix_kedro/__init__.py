"""Zero-shot recommendation of a pretrained backbone and its hyperparameters."""

__version__ = "0.1.0"
