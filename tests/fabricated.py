"""A fabricated history with a known truth, for tests that need one of any size.

Truth: within a dataset, accuracy falls with the distance of the configuration from a backbone
and a learning rate that are good everywhere; the backbone matters most. Datasets differ in level
and spread. Noise has the standard deviation `NOISE`.
"""

import numpy as np
import pandas as pd

from metallmix_kedro.history import METRICS
from metallmix_kedro.history.columns import history_columns
from metallmix_kedro.history.schema import history_schema
from metallmix_kedro.meta_features import compute_meta_features
from metallmix_kedro.search_space import SearchSpace

SPACE = SearchSpace(
    backbone=("MobileNetV2_0.35", "Xception", "EfficientNetLite0"),
    strategy=("feature_extraction", "last_10", "last_30", "full"),
    dense_units=(512, 1024),
    dropout=(0.3, 0.5),
    optimizer=("adam", "sgd", "rmsprop"),
    learning_rate=(1e-3, 1e-4, 1e-5),
    batch_size=(16, 32),
)
BACKBONE_EFFECT = {"MobileNetV2_0.35": -0.10, "Xception": 0.0, "EfficientNetLite0": 0.12}
RATE_EFFECT = {1e-3: 0.08, 1e-4: 0.03, 1e-5: -0.11}
MODALITIES = ("MRI", "CT", "X-ray", "natural")
NOISE = 0.01


def fabricate_history(n_datasets: int = 6, n_trials: int = 40, seed: int = 0) -> pd.DataFrame:
    """Fabricate a history of `n_datasets` times `n_trials` trials that satisfies the schema."""
    rng = np.random.default_rng(seed)
    grid = SPACE.frame()
    parts = []
    for number in range(n_datasets):
        sizes = {f"class_{k}": int(rng.integers(40, 800)) for k in range(int(rng.integers(2, 10)))}
        features = compute_meta_features(
            sizes, 64 * (1 + number % 4), 64 * (1 + number % 3), MODALITIES[number % 4]
        )
        rows = grid.sample(n=n_trials, random_state=int(rng.integers(2**31))).reset_index(drop=True)
        level, spread = rng.uniform(0.5, 0.8), rng.uniform(0.5, 1.0)
        effect = rows["backbone"].map(BACKBONE_EFFECT) + rows["learning_rate"].map(RATE_EFFECT)
        accuracy = (level + spread * effect + rng.normal(0, NOISE, n_trials)).clip(0, 1)
        part = rows.assign(**features.model_dump(), dataset=f"fabricated_{number}")
        part["trial_id"] = [f"fabricated_{number}-{i:05d}" for i in range(n_trials)]
        part["training_time_s"] = np.exp(
            rng.normal(0, 0.1, n_trials)
            + rows["strategy"].map({s: i for i, s in enumerate(SPACE.strategy)})
        )
        for metric in METRICS:
            part[metric], part[f"{metric}_std"] = accuracy, 0.01
        parts.append(part)
    history = pd.concat(parts, ignore_index=True).assign(
        source="measured", proposer="random", status="finished", n_folds=2.0, seed=float(seed)
    )
    return history_schema().validate(history.reindex(columns=list(history_columns())))
