from .features import Features as Features, IMAGES_AT_ONCE as IMAGES_AT_ONCE
from .fitting import (
    EnoughError as EnoughError,
    Network as Network,
    Schedule as Schedule,
    Watcher as Watcher,
)
from .heads import (
    cheap_first as cheap_first,
    head_work as head_work,
    heads_at_once as heads_at_once,
    trained_together as trained_together,
)
from .hyperparameters import (
    check_space as check_space,
    effective_values as effective_values,
    image_size_of as image_size_of,
)
from .inputs.cache import (
    ArrayCache as ArrayCache,
    CachedArrays as CachedArrays,
    cache_key as cache_key,
)
from .inputs.parameters import CacheParameters as CacheParameters
from .inputs.pixels import load_pixels as load_pixels
from .inputs.rows import Rows as Rows
from .inputs.splits import ImageSplits as ImageSplits, Split as Split, draw_subset as draw_subset
from .kept.classifier import (
    RESIZING as RESIZING,
    pretrained_extractor as pretrained_extractor,
    save_model as save_model,
)
from .kept.folds import FinishedFolds as FinishedFolds, TrainedFold as TrainedFold
from .kept.plans import Plan as Plan, plan_splits as plan_splits
from .kept.runs import (
    DivergedError as DivergedError,
    KEPT_TIMES as KEPT_TIMES,
    OutOfMemoryError as OutOfMemoryError,
    StoppedError as StoppedError,
    Trained as Trained,
    train as train,
)
from .kept.script import write_script as write_script
from .network import CutBackbone as CutBackbone, STRATEGIES as STRATEGIES, Strategy as Strategy
from .networks import BackboneStore as BackboneStore, NetworkStore as NetworkStore
from .outcome import FoldOutcome as FoldOutcome
from .trials import train_trials as train_trials
