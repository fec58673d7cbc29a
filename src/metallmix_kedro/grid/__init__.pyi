from .claims import check_unchanged as check_unchanged, claimed as claimed
from .executors import open_executor as open_executor
from .grid import TrialGrid as TrialGrid
from .known import history_records as history_records, readable_records as readable_records
from .measuring import (
    MeasuredDataset as MeasuredDataset,
    Proposal as Proposal,
    TrialMeasurer as TrialMeasurer,
)
from .parameters import ExperimentGridParameters as ExperimentGridParameters
from .record import (
    environment as environment,
    failed_record as failed_record,
    finished_record as finished_record,
    protocol_of as protocol_of,
    trial_id as trial_id,
)
from .retrace import retrace_searches as retrace_searches
