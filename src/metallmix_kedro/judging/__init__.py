"""The judge of recommendations, and whether language models help (paper, section 3).

`judge` scores one recommendation and `check` judges the judge; `ablation` takes away one
ingredient at a time, on datasets left out (`left_out`). It may import `evaluation`,
`decision`, `explanation`, `language_models` and what these stand on.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
