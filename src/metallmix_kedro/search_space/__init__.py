"""The configurations one can choose among (paper, section 2.1, Table 1).

May import: declared, support.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
