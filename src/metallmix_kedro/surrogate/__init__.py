"""The surrogate: XGBoost models of score and training time (paper, section 2.2, meta-learner).

`uncertainty` says how sure they are, `checks` how good. It may import `history`,
`meta_features`, `backbones`, `search_space` and `support`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
