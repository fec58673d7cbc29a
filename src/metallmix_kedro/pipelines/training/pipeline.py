"""The steps from a recommendation to a trained network."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.pipelines.training import nodes

TRAINING = "params:training"
GRID = "params:experiment_grid"


def create_pipeline(**_: object) -> Pipeline:
    """Gather images and what is known, train, keep, describe, report, write it down, remember."""
    images = ["params:target", "params:data_ingestion", TRAINING]
    known = [
        "recommendation",
        "previous_history",
        "score_model",
        "time_model",
        "surrogate_card",
        "retrieval_index",
        "retrieval_card",
        "target_probes",
        "params:search_space",
        "params:recommendation",
    ]
    asked = ["recommendation", "target_images", "known_before_training", TRAINING, GRID]
    kept = ["classifier_labels", "classifier", "pretrained_backbone"]
    card = ["model_card", "model_card_text"]
    joined = ["trained_target", "previous_history", "published_outcomes", TRAINING]
    steps = [
        (nodes.gather_images, images, "target_images"),
        (nodes.know_what_may_be_tried, known, "known_before_training"),
        (nodes.train_recommended, asked, "trained_target"),
        (nodes.keep_network, ["trained_target", GRID], kept),
        (nodes.describe_model, "trained_target", card),
        (nodes.report_training, ["trained_target", "model_card", TRAINING], "training_report"),
        (nodes.write_training_script, ["trained_target", TRAINING], "training_script"),
        (nodes.join_own_trial, joined, "history_after_training"),
    ]
    return Pipeline(
        [Node(function, given, made, name=function.__name__) for function, given, made in steps],
        namespace="training",
        prefix_datasets_with_namespace=False,
    )
