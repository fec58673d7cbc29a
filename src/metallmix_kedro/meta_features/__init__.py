"""What is known of a dataset before anything is trained on it (paper, section 2.1).

`probes` lets frozen backbones look at its images. May import: images, declared, support.
"""

from metallmix_kedro.meta_features.features import MetaFeatures, compute_meta_features

__all__ = ["MetaFeatures", "compute_meta_features"]
