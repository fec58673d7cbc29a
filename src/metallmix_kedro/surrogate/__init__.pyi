from .card import SurrogateCard as SurrogateCard
from .checks.lodo import leave_one_dataset_out as leave_one_dataset_out
from .checks.pictures import draw_predictions as draw_predictions
from .checks.report import report as report
from .encoding import (
    FeatureEncoder as FeatureEncoder,
    as_seen as as_seen,
    described_features as described_features,
    surrogate_features as surrogate_features,
)
from .fit import fit_surrogate as fit_surrogate
from .folds import Fold as Fold, together as together
from .model import BASE_VALUE as BASE_VALUE, Surrogate as Surrogate
from .parameters import (
    BoostingParameters as BoostingParameters,
    MetaLearningParameters as MetaLearningParameters,
)
from .point import (
    PointModel as PointModel,
    fit_point_model as fit_point_model,
    grow as grow,
    trial_weights as trial_weights,
)
from .uncertainty.outlook import Outlook as Outlook, expected_improvement as expected_improvement
from .uncertainty.probe_levels import LEVELS as LEVELS, hide as hide, known_level as known_level
from .uncertainty.spread import Spread as Spread
