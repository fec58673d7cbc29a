"""How Kedro runs this project: configuration, hooks, and no talk to any server."""

from kedro.config import OmegaConfigLoader

from metallmix_kedro.startup import StartupHooks, postpone_garbage_collection

postpone_garbage_collection()

from metallmix_kedro.hooks import (  # noqa: E402 (its imports are what is sped up)
    InputVersionHooks,
    LanguageModelHooks,
    ParameterHooks,
    ProgressHooks,
    RunRecordHooks,
    SummaryHooks,
)

HOOKS = (
    StartupHooks(),
    ParameterHooks(),
    InputVersionHooks(),
    LanguageModelHooks(),
    RunRecordHooks(),
    ProgressHooks(),
    SummaryHooks(),
)
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)

CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment changes single values (target.path, say) and keeps the rest of their key.
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}
