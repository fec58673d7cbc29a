"""Trials of another domain, imported by the mapping that is shipped for it."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from kedro.config import OmegaConfigLoader

from metallmix_kedro.declared import Declaration, configuration_columns, used
from metallmix_kedro.history.importing.importer import import_history
from metallmix_kedro.history.schema import history_schema
from metallmix_kedro.settings import CONFIG_LOADER_ARGS
from metallmix_kedro.support.errors import InputError
from tests.workspace import PROJECT

TABLE = """\
trial,dataset,n_instances,n_classes,imbalance_ratio,n_columns,share_missing,mean_abs_skewness,\
mean_abs_correlation,learning_rate,max_iter,max_leaf_nodes,min_samples_leaf,l2_regularization,\
max_features,test_accuracy,test_f1,test_rarest_recall,test_accuracy_std,test_f1_std,\
test_rarest_recall_std,training_time_s,fit_cpu_s,n_folds,seed,device,versions
a-0,iris,150,3,1.0,4,0.0,0.25,0.59,0.1,100,31,20,0.0,1.0,0.95,0.95,0.94,0.03,0.03,0.03,0.04,0.03,4,42,cpu,v
a-1,iris,150,3,1.0,4,0.0,0.25,0.59,0.3,25,4,2,10.0,0.3,0.93,0.93,0.92,0.03,0.03,0.03,0.02,0.01,4,42,cpu,v
b-0,wine,178,3,1.5,13,0.14,0.41,0.31,0.1,100,31,20,0.0,1.0,0.93,0.93,0.9,0.03,0.03,0.03,0.1,0.09,4,42,cpu,v
"""
MAPPING = PROJECT / "data/tabular/01_raw/tabular.yml"


@pytest.fixture
def declaration() -> Declaration:
    loader = OmegaConfigLoader(str(PROJECT / "conf"), env="tabular", **CONFIG_LOADER_ARGS)
    return Declaration.from_parameters(loader["parameters"])


def mapped(folder: Path, table: str) -> Path:
    (folder / "trials.csv").write_text(table, encoding="utf-8")
    mapping = yaml.safe_load(MAPPING.read_text(encoding="utf-8")) | {"file": "trials.csv"}
    path = folder / "mapping.yml"
    path.write_text(yaml.safe_dump(mapping), encoding="utf-8")
    return path


def test_its_trials_come_in_whole(tmp_path: Path, declaration: Declaration) -> None:
    with used(declaration):
        trials, report = import_history(mapped(tmp_path, TABLE))
        assert not report["excluded"]
        assert report["trials"] == {"iris": 2, "wine": 1}
        valid = history_schema().validate(trials)
        names = list(configuration_columns())
        assert names[-2:] == ["l2_regularization", "max_features"]
        assert valid[names].notna().all(axis=None)
        # A penalty of 0 is a value like any other.
        assert sorted(valid["l2_regularization"]) == [0, 0, 10]
        assert not {"backbone", "modality"} & set(valid)


def test_what_it_declares_is_held_to(tmp_path: Path, declaration: Declaration) -> None:
    table = TABLE.replace("0.1,100,31", "0.1,0.5,31", 1)
    with used(declaration), pytest.raises(InputError, match="a whole number, at least 1"):
        import_history(mapped(tmp_path, table))


def test_it_is_refused_where_it_is_not_declared(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'max_iter' is no column of the history"):
        import_history(mapped(tmp_path, TABLE))


def test_the_small_table_has_the_columns_of_the_shipped_one() -> None:
    shipped = pd.read_csv(PROJECT / "data/tabular/01_raw/tabular_trials.csv", nrows=0)
    assert set(TABLE.splitlines()[0].split(",")) <= set(shipped)
