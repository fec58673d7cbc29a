from . import gather as gather
from .learning_curve import (
    LearningCurve as LearningCurve,
    LearningCurves as LearningCurves,
    learning_curves as learning_curves,
)
from .listing import (
    DIFFERENT as DIFFERENT,
    SURROGATE_BEST as SURROGATE_BEST,
    by_prediction as by_prediction,
    short_list as short_list,
)
from .parameters import DecisionParameters as DecisionParameters
from .pareto import (
    FloatArray as FloatArray,
    ParetoPoint as ParetoPoint,
    fastest as fastest,
    pareto_front as pareto_front,
    rounded as rounded,
)
from .scoring import DECIMALS as DECIMALS
from .scoring import allowed_space as allowed_space, choices as choices
from .scoring import make_candidate as make_candidate, predicted_values as predicted_values
from .scoring import score_space as score_space
from .target import Learned as Learned, Target as Target
