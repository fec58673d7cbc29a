"""From the surrogate to what it makes of each feature (paper, section 2.2)."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.attribution import pictures, tables, text
from metallmix_kedro.meta_features import add_probes
from metallmix_kedro.pipelines.explainability import nodes

PARAMETERS = "params:explainability"
OBJECTIVE = "params:objective"
TRIALS = "explained_history"


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return Pipeline(
        [
            Node(
                add_probes,
                inputs=["history", "probes"],
                outputs=TRIALS,
                name="add_probes_to_explain",
            ),
            Node(
                nodes.explain_trials,
                inputs=[TRIALS, "score_model", "time_model", "surrogate_card", OBJECTIVE],
                outputs="attributions",
                name="explain_trials",
            ),
            Node(
                nodes.summarise_by_value,
                inputs=["attributions", TRIALS, PARAMETERS],
                outputs="attribution_by_value",
                name="summarise_by_value",
            ),
            Node(
                nodes.correlate,
                inputs=["attributions", TRIALS, "surrogate_card", OBJECTIVE],
                outputs="attribution_correlations",
                name="correlate",
            ),
            Node(
                tables.top_features,
                inputs=["attributions", TRIALS],
                outputs="trial_top_features",
                name="find_top_features",
            ),
            Node(
                text.summarise,
                inputs=[
                    "attributions",
                    TRIALS,
                    "attribution_by_value",
                    "attribution_correlations",
                    PARAMETERS,
                ],
                outputs="attribution_text",
                name="tell",
            ),
            Node(
                nodes.draw_summary,
                inputs=["attributions", TRIALS, "surrogate_card", OBJECTIVE, PARAMETERS],
                outputs="attribution_summary_plot",
                name="draw_summary",
            ),
            Node(
                pictures.plot_backbones,
                inputs=["attributions", TRIALS, PARAMETERS],
                outputs="backbone_attribution_plot",
                name="draw_backbones",
            ),
        ],
        namespace="explainability",
        prefix_datasets_with_namespace=False,
    )
