"""Methods compared on datasets left out (paper, section 3).

The protocol stands in ``docs/evaluation_protocol.md``. `compare` does it; `protocols` says
what is left out, `methods` what is compared, `statistics` what the outcomes say, `pages` shows
it. It may import `decision`, `retrieval`, `surrogate` and what these stand on, never `report`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
