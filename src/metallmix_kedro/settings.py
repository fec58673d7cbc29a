"""How Kedro runs this project: configuration, hooks, and no talk to any server."""

from kedro.config import OmegaConfigLoader

from metallmix_kedro.hooks import (
    InputVersionHooks,
    ParameterHooks,
    ProgressHooks,
    RunRecordHooks,
    StartHooks,
    SummaryHooks,
)
from metallmix_kedro.tracking import TrackingHooks

HOOKS = (
    ParameterHooks(),
    InputVersionHooks(),
    RunRecordHooks(),
    StartHooks(),
    ProgressHooks(),
    SummaryHooks(),
    TrackingHooks(),
)
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)

CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment changes single values (target.path, say) and keeps the rest of their key.
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}
