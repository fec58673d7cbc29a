from .candidates import (
    TrainedTarget as TrainedTarget,
    read_recommendation as read_recommendation,
    train_candidates as train_candidates,
)
from .card import describe_model as describe_model, render_card as render_card
from .classifying import (
    Answer as Answer,
    Classifier as Classifier,
    classify_files as classify_files,
    find_files as find_files,
)
from .images import TargetImages as TargetImages, gather_images as gather_images
from .own_trial import add_own_trial as add_own_trial
from .page import render_page as render_page
from .parameters import TrainingParameters as TrainingParameters
from .within_budget.foresight import Known as Known
