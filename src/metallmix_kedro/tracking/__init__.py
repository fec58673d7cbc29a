"""Runs logged to MLflow beside the project's own records, where a parameter asks for it.

It may import all rooms.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
