"""The trials that answer the question asked: trained on all images of their dataset."""

import pandas as pd


def with_all_images(trials: pd.DataFrame) -> pd.DataFrame:
    """Keep, of datasets measured with several numbers of training images, the trials with all.

    Parameters
    ----------
    trials : pandas.DataFrame
        Column ``dataset``, and ``level`` where there are levels; n rows.
    """
    if "level" not in trials:
        return trials
    everything = (trials["level"] == "all").fillna(False).astype(bool)
    has_all = trials["dataset"].isin(trials.loc[everything, "dataset"])
    return trials[everything | ~has_all]
