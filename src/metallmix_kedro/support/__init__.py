"""What all rooms lean on: errors, optional imports, the base of parameter models.

Also files that appear whole, paths, output, YAML that people write, figures to draw on, and
XGBoost without scikit-learn. It imports no other room.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
