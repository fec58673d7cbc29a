import gc

from metallmix_kedro.hooks import StartHooks


def test_what_was_imported_is_set_aside_and_garbage_is_collected_as_usual():
    before = gc.get_threshold()
    try:
        StartHooks().before_pipeline_run()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold() == before
        assert gc.isenabled()
    finally:
        gc.unfreeze()
