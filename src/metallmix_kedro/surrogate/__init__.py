"""The surrogate: XGBoost models of score and training time (paper, section 2.2, meta-learner)."""

from metallmix_kedro.surrogate.parameters import BoostingParameters, MetaLearningParameters

__all__ = ["BoostingParameters", "MetaLearningParameters"]
