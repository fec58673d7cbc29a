"""The steps from a recommendation to a trained network."""

from kedro.pipeline import Node, Pipeline

from metallmix_kedro.pipelines.training import nodes

TRAINING = "params:training"


def create_pipeline(**_: object) -> Pipeline:
    """Gather images and what is known, train, keep, describe, report, write it down, remember."""
    return Pipeline(
        [
            Node(
                nodes.gather_images,
                ["params:target", "params:data_ingestion", TRAINING],
                "target_images",
                name="gather_images",
            ),
            Node(
                nodes.know_what_may_be_tried,
                [
                    "previous_history",
                    "score_model",
                    "time_model",
                    "surrogate_card",
                    "target_probes",
                    "params:search_space",
                    "params:recommendation",
                ],
                "known_before_training",
                name="know_what_may_be_tried",
            ),
            Node(
                nodes.train_recommended,
                [
                    "recommendation",
                    "target_images",
                    "known_before_training",
                    TRAINING,
                    "params:experiment_grid",
                ],
                "trained_target",
                name="train_recommended",
            ),
            Node(
                nodes.keep_network,
                ["trained_target", "params:experiment_grid"],
                ["classifier_labels", "classifier", "pretrained_backbone"],
                name="keep_network",
            ),
            Node(
                nodes.describe_model,
                "trained_target",
                ["model_card", "model_card_text"],
                name="describe_model",
            ),
            Node(
                nodes.report_training,
                ["trained_target", "model_card", TRAINING],
                "training_report",
                name="report_training",
            ),
            Node(
                nodes.write_training_script,
                ["trained_target", TRAINING],
                "training_script",
                name="write_training_script",
            ),
            Node(
                nodes.join_own_trial,
                ["trained_target", "previous_history", "published_outcomes", TRAINING],
                "history_after_training",
                name="join_own_trial",
            ),
        ],
        namespace="training",
        prefix_datasets_with_namespace=False,
    )
