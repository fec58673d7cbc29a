"""What the parameters declare: the hyperparameters and meta-features in force.

One run has one declaration: what its environment's ``search_space.yml`` and ``meta_features.yml``
say. It is put in force once, before anything runs (`use`), as Kedro does with its own settings, and
everything else asks for it here. Nothing is assumed where nothing was declared.

May import: support.
"""

from metallmix_kedro.declared.features import (
    Feature,
    FeatureKind,
    Hyperparameter,
    MetaFeature,
    Scale,
)
from metallmix_kedro.declared.in_force import (
    Declaration,
    configuration_columns,
    derived,
    features,
    hyperparameter,
    hyperparameters,
    in_force,
    meta_feature_columns,
    meta_features,
    network,
    numeric_meta_features,
    titled,
    use,
    used,
)

__all__ = [
    "Declaration",
    "Feature",
    "FeatureKind",
    "Hyperparameter",
    "MetaFeature",
    "Scale",
    "configuration_columns",
    "derived",
    "features",
    "hyperparameter",
    "hyperparameters",
    "in_force",
    "meta_feature_columns",
    "meta_features",
    "network",
    "numeric_meta_features",
    "titled",
    "use",
    "used",
]
