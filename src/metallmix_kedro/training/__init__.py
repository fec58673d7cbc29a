"""One trial: a backbone with a new head, trained on splits of one dataset (section 2.1).

`hyperparameters` says which hyperparameters can be carried out and where. `networks` and `features`
make what is trained and what it is trained on, `trials`, `heads`, `fine_tuning` and `fitting` train
it, `outcome` says what came of it. It may import `backbones`, `declared`,
`images.folds`, `search_space` and `support`, and knows nothing of the grid.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
