"""What every run leaves behind, and the proof that a recorded recommendation can be repeated."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
