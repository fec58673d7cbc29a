"""All trials measured, published or imported (the paper's meta-dataset, section 2.1).

`importing` reads other people's trials, `portrait` sums the history up. It may import
`meta_features`, `search_space` and `support`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
