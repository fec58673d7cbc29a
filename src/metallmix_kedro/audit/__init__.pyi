from .comparison import Comparison as Comparison
from .record import (
    RunRecord as RunRecord,
    list_records as list_records,
    now as now,
    read_record as read_record,
    record_path as record_path,
    start_record as start_record,
    write_record as write_record,
)
from .replaying import (
    RECOMMENDATION as RECOMMENDATION,
    ReplayReport as ReplayReport,
    ReplayRunner as ReplayRunner,
    replay as replay,
)
from .versions import (
    incoming_versions as incoming_versions,
    loaded_versions as loaded_versions,
    saved_paths as saved_paths,
    saved_versions as saved_versions,
)
