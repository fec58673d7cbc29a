from .build import (
    build_backbone as build_backbone,
    preprocess as preprocess,
    weights_id as weights_id,
)
from .preprocessing import preprocess_inside as preprocess_inside
from .registry import (
    BACKBONES as BACKBONES,
    KERAS_IMAGENET as KERAS_IMAGENET,
    Backbone as Backbone,
    get_backbone as get_backbone,
)
