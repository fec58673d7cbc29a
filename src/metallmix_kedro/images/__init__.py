"""Image datasets: where they come from, what is in them, how they are split (paper, section 3.2).

Modules: `sources` (folder, archive, Kaggle), `layout` (a room: which file belongs to which class),
`inspection` (is it an image one can use), `opening` (DICOM, HEIC, 16 bits), `manifest` (the table
of it all), `folds`, `summary` and `pictures`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
