"""What is known of a dataset before anything is trained on it (paper, section 2.1).

`probes` lets frozen backbones look at its images. May import: images, declared, support.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
