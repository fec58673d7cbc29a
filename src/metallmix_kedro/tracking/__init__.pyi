from .hook import TrackingHooks as TrackingHooks
from .mlflow_run import MlflowRun as MlflowRun
from .parameters import TrackingParameters as TrackingParameters
