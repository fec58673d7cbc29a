from .card import read_card as read_card
from .features import MetaFeatures as MetaFeatures, compute_meta_features as compute_meta_features
from .parameters import (
    MetaFeaturesParameters as MetaFeaturesParameters,
    TargetParameters as TargetParameters,
)
from .probes.columns import no_probes as no_probes
from .probes.features import (
    OWN as OWN,
    PROBE_DECLARATIONS as PROBE_DECLARATIONS,
    PROBE_FEATURES as PROBE_FEATURES,
    SMALLEST as SMALLEST,
    TRAITS as TRAITS,
    add_probes as add_probes,
    known_traits as known_traits,
)
from .probes.measuring import ProbedImages as ProbedImages, chosen_backbones as chosen_backbones
from .probes.parameters import ProbeLevel as ProbeLevel, ProbeParameters as ProbeParameters
from .probes.speed import relative_seconds as relative_seconds
from .registered import meta_feature_table as meta_feature_table
from .target import (
    ImagesRead as ImagesRead,
    TargetDescription as TargetDescription,
    open_target as open_target,
)
