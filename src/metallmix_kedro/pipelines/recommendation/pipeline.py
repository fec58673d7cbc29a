"""The steps of a recommendation (paper, section 2.4)."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.pipelines.recommendation import nodes


def create_pipeline(**_: object) -> Pipeline:
    """Describe the target, gather evidence, ask, decide, report."""
    steps = [
        Node(
            nodes.describe_target,
            inputs="params:target",
            outputs="target_meta_features",
            name="describe_target",
        ),
        Node(
            nodes.probe_target,
            inputs=[
                "target_meta_features",
                "probes",
                "params:target",
                "params:recommendation",
                "params:probes",
                "params:experiment_grid",
                "params:search_space",
            ],
            outputs="target_probes",
            name="probe_target",
        ),
        Node(
            nodes.retrieve_similar_trials,
            inputs={
                "description": "target_meta_features",
                "history": "history",
                "index": "retrieval_index",
                "card": "retrieval_card",
                "trial_top_features": "trial_top_features",
                "parameters": "params:recommendation",
            },
            outputs="retrieved_trials",
            name="retrieve_similar_trials",
        ),
        Node(
            nodes.shorten_search_space,
            inputs={
                "description": "target_meta_features",
                "target_probes": "target_probes",
                "history": "history",
                "score_model": "score_model",
                "time_model": "time_model",
                "surrogate_card": "surrogate_card",
                "index": "retrieval_index",
                "card": "retrieval_card",
                "search_space": "params:search_space",
                "objective": "params:objective",
                "parameters": "params:recommendation",
            },
            outputs=["short_list", "allowed_space", "scored_space"],
            name="shorten_search_space",
        ),
        Node(
            nodes.gather_evidence,
            inputs={
                "description": "target_meta_features",
                "trials": "retrieved_trials",
                "candidates": "short_list",
                "allowed": "allowed_space",
                "history": "history",
                "attribution_by_value": "attribution_by_value",
                "index": "retrieval_index",
                "card": "retrieval_card",
                "objective": "params:objective",
                "parameters": "params:recommendation",
            },
            outputs="evidence",
            name="gather_evidence",
        ),
        Node(
            nodes.ask_llm,
            inputs=[
                "evidence",
                "recommendation_prompt",
                "allowed_space",
                "params:recommendation",
            ],
            outputs="llm_reply",
            name="ask_llm",
        ),
        Node(
            nodes.score_free_choice,
            inputs={
                "evidence": "evidence",
                "llm_reply": "llm_reply",
                "description": "target_meta_features",
                "target_probes": "target_probes",
                "history": "history",
                "score_model": "score_model",
                "time_model": "time_model",
                "surrogate_card": "surrogate_card",
                "allowed": "allowed_space",
                "objective": "params:objective",
                "parameters": "params:recommendation",
            },
            outputs="decidable_evidence",
            name="score_free_choice",
        ),
        Node(
            nodes.decide,
            inputs={
                "evidence": "decidable_evidence",
                "llm_reply": "llm_reply",
                "surrogate_card": "surrogate_card",
                "scored_space": "scored_space",
                "search_space": "params:search_space",
                "objective": "params:objective",
                "parameters": "params:recommendation",
                "input_versions": "input_versions",
            },
            outputs="recommendation",
            name="decide",
        ),
        Node(
            nodes.draw_scores_and_times,
            inputs=["recommendation", "scored_space", "params:recommendation"],
            outputs="pareto_plot",
            name="draw_scores_and_times",
        ),
        Node(
            nodes.report,
            inputs=["recommendation", "pareto_plot"],
            outputs="recommendation_report",
            name="report",
        ),
    ]
    return Pipeline(steps, namespace="recommendation", prefix_datasets_with_namespace=False)
