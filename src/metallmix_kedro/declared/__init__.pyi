from .declaration import (
    Declaration as Declaration,
    configuration_columns as configuration_columns,
    derived as derived,
    features as features,
    hyperparameter as hyperparameter,
    hyperparameters as hyperparameters,
    in_force as in_force,
    meta_feature_columns as meta_feature_columns,
    meta_features as meta_features,
    network as network,
    numeric_meta_features as numeric_meta_features,
    titled as titled,
    use as use,
    used as used,
)
from .feature import (
    Feature as Feature,
    FeatureKind as FeatureKind,
    Hyperparameter as Hyperparameter,
    MetaFeature as MetaFeature,
    Scale as Scale,
    UNKNOWN as UNKNOWN,
    Value as Value,
    is_missing as is_missing,
)
from .values import DeclaredValues as DeclaredValues
