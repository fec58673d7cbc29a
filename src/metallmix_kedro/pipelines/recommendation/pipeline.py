"""The steps of a recommendation (paper, section 2.4)."""

from collections.abc import Callable

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.pipelines.recommendation import nodes

RECOMMENDATION = "params:recommendation"
PICTURES = {
    "pareto": "pareto_plot",
    "intervals": "intervals_plot",
    "contributions": "contributions_plot",
    "attributions": "attributions_plot",
    "curves": "learning_curve_plot",
}
"""What the report calls its pictures, and the catalog."""


def create_pipeline(**_: object) -> Pipeline:
    """Describe the target, gather evidence, ask, decide, report."""
    steps = [
        _step(nodes.describe_target, "params:target", "target_meta_features"),
        _step(
            nodes.probe_target,
            [
                "target_meta_features",
                "probes",
                "params:target",
                RECOMMENDATION,
                "params:probes",
                "params:experiment_grid",
                "params:search_space",
            ],
            "target_probes",
        ),
        _step(
            nodes.load_learned,
            [
                "history",
                "score_model",
                "time_model",
                "surrogate_card",
                "retrieval_index",
                "retrieval_card",
                "params:objective",
            ],
            "learned",
        ),
        _step(
            nodes.know_target,
            ["target_meta_features", "target_probes", "learned", "probes"],
            "target",
        ),
        _step(
            nodes.retrieve_similar_trials,
            ["target", "learned", "trial_top_features", RECOMMENDATION],
            "retrieved_trials",
        ),
        _step(
            nodes.shorten_search_space,
            ["target", "learned", "params:search_space", RECOMMENDATION],
            ["short_list", "allowed_space", "scored_space"],
        ),
        _step(
            nodes.gather_evidence,
            [
                "target",
                "learned",
                "allowed_space",
                "retrieved_trials",
                "short_list",
                "attribution_by_value",
                RECOMMENDATION,
            ],
            "evidence",
        ),
        _step(
            nodes.ask_llm,
            ["evidence", "recommendation_prompt", "llm_weights", "allowed_space", RECOMMENDATION],
            "llm_reply",
        ),
        _step(
            nodes.score_free_choice,
            ["evidence", "llm_reply", "target", "learned", "allowed_space", RECOMMENDATION],
            "decidable_evidence",
        ),
        _step(
            nodes.decide,
            [
                "decidable_evidence",
                "llm_reply",
                "target",
                "learned",
                "scored_space",
                "params:search_space",
                RECOMMENDATION,
                "input_versions",
            ],
            "recommendation",
        ),
        _step(nodes.draw, ["recommendation", "scored_space", RECOMMENDATION], PICTURES),
        _step(
            nodes.report,
            {"recommendation": "recommendation", **PICTURES},
            "recommendation_report",
        ),
    ]
    return Pipeline(steps, namespace="recommendation", prefix_datasets_with_namespace=False)


def _step(
    function: Callable[..., object],
    inputs: str | list[str] | dict[str, str],
    outputs: str | list[str] | dict[str, str],
) -> Node:
    """Make a node named after its function."""
    return Node(function, inputs, outputs, name=function.__name__)
