"""What the parameters declare: the hyperparameters and meta-features in force.

One run has one declaration: what its environment's ``search_space.yml`` and ``meta_features.yml``
say. It is put in force once, before anything runs (`use`), as Kedro does with its own settings, and
everything else asks for it here. Nothing is assumed where nothing was declared.

May import: support.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
