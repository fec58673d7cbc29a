"""The surrogate: XGBoost models of score and training time (paper, section 2.2, meta-learner).

`uncertainty` says how sure they are, `checks` how good. It may import `history`,
`meta_features`, `backbones`, `search_space` and `support`.
"""

from metallmix_kedro.surrogate.parameters import BoostingParameters, MetaLearningParameters

__all__ = ["BoostingParameters", "MetaLearningParameters"]
