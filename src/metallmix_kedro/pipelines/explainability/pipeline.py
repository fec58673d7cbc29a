"""From the surrogate to what it makes of each feature (paper, section 2.2)."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.attribution import pictures, tables, text
from metallmix_kedro.meta_features import add_probes
from metallmix_kedro.pipelines.explainability import nodes

PARAMETERS = "params:explainability"
TRIALS = "explained_history"


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return Pipeline(
        [
            Node(add_probes, ["history", "probes"], TRIALS, name="add_probes_to_explain"),
            Node(
                nodes.explain_trials,
                [TRIALS, "score_model", "time_model", "surrogate_card", "params:objective"],
                "attributions",
                name="explain_trials",
            ),
            Node(
                tables.by_value,
                ["attributions", TRIALS],
                "attribution_by_value",
                name="summarise_by_value",
            ),
            Node(
                tables.correlations,
                ["attributions", TRIALS],
                "attribution_correlations",
                name="correlate",
            ),
            Node(
                tables.top_features,
                ["attributions", TRIALS],
                "trial_top_features",
                name="find_top_features",
            ),
            Node(
                text.summarise,
                ["attributions", TRIALS, "attribution_by_value", "attribution_correlations"],
                "attribution_text",
                name="tell",
            ),
            Node(
                pictures.plot_summary,
                ["attributions", TRIALS, PARAMETERS],
                "attribution_summary_plot",
                name="draw_summary",
            ),
            Node(
                pictures.plot_backbones,
                ["attributions", TRIALS, PARAMETERS],
                "backbone_attribution_plot",
                name="draw_backbones",
            ),
        ],
        namespace="explainability",
        prefix_datasets_with_namespace=False,
    )
