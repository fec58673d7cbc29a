"""From a recommendation to a trained network, and what one has to know of it.

`images` looks at them, `candidates` trains what was recommended (the work is done in
`training.kept`), within a budget after trials on the target (`within_budget`), `scores` says how
good it is, `card`, `pictures` and `page` tell it, `own_trial` adds it to the history, and
`classifying` is what ``kedro classify`` does. It may import all rooms but `evaluation` and
`judging`; nothing that decides imports it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
