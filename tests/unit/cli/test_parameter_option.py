import click
import pytest

from metallmix_kedro.cli.parameter_option import merged, read_parameter_file, split_parameters
from metallmix_kedro.cli.run import run
from metallmix_kedro.support import InputError

CONTEXT = click.Context(run)
OPTION = next(option for option in run.params if option.name == "params")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("", {}),
        ("a=1", {"a": 1}),
        ("a.b=1, a.c=x", {"a": {"b": 1, "c": "x"}}),
        ("a=[x,y],b=2", {"a": ["x", "y"], "b": 2}),
        ("a=[[1,2],[3]],b={c: 1, d: 2}", {"a": [[1, 2], [3]], "b": {"c": 1, "d": 2}}),
        ("a=null,b=k=v", {"a": None, "b": "k=v"}),
        ({"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_commas_inside_a_value_do_not_end_it(value, read):
    assert split_parameters(CONTEXT, OPTION, value) == read


@pytest.mark.parametrize("value", ["a", "a=1,b", "=1", "[a,b]"])
def test_what_is_no_pair_is_named(value):
    with pytest.raises(click.BadParameter, match="separated by `=`"):
        split_parameters(CONTEXT, OPTION, value)


def test_the_option_of_the_command_reads_lists():
    assert OPTION.callback is split_parameters


TYPED = [
    "photos #1",
    "007",
    "1e3",
    "yes",
    "2026-01-01",
    "~",
    "a, b",
    "a,b/c",
    "a: b",
    "[draft",
    "{x}",
    "it's",
    "a]b",
    "*star",
    "&and",
    "!bang",
    "%50",
    "@home",
    "|",
    "- dash",
    "${home}",
    "tab\there",
    " blank",
    "ünï ☃",
    "a=b",
    "None",
    "0x10",
    "1_000",
]


@pytest.mark.parametrize("text", TYPED)
@pytest.mark.parametrize("key", ["target.path", "target.name", "target.card", "target.modality"])
def test_text_arrives_as_it_is_typed(key, text):
    group, name = key.split(".")
    after = split_parameters(CONTEXT, OPTION, f"{key}={text},recommendation.n_candidates=4")
    assert after == {group: {name: text}, "recommendation": {"n_candidates": 4}}
    before = split_parameters(CONTEXT, OPTION, f"objective=macro_f1,{key}={text}")
    assert before == {"objective": "macro_f1", group: {name: text}}


def test_lists_of_texts_hold_texts():
    read = split_parameters(CONTEXT, OPTION, "experiment_grid.imports=[my #1.yml, 007],seed=1")
    assert read == {"experiment_grid": {"imports": ["my #1.yml", "007"]}, "seed": 1}
    read = split_parameters(CONTEXT, OPTION, "experiment_grid.weights.Xception=w #1.h5")
    assert read == {"experiment_grid": {"weights": {"Xception": "w #1.h5"}}}
    assert split_parameters(CONTEXT, OPTION, "experiment_grid.imports=[]") == {
        "experiment_grid": {"imports": []}
    }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("target.path=", "null"),
        ("target.path=  ", "null"),
        ("target.path='photos'", "--params-file"),
        ('target.name="007"', "without|quotes"),
        ("target.path=a,target.path=b", "given twice"),
        ("target=x,target.path=b", "given twice"),
        ("recommendation.max_parameters=1 #2", "--params-file"),
        ("recommendation.backbones=[A", "--params-file"),
        ("experiment_grid.imports=[a[1].yml]", "--params-file"),
        ("experiment_grid.imports=[a,,b]", "plain list"),
        ("data_ingestion.registry.x={path: a #1, modality: CT}", "--params-file"),
        ("data_ingestion.registry.x={path: a: b}", "--params-file"),
        ("recommendation.n_candidates=", "null"),
    ],
)
def test_what_could_only_be_guessed_is_refused_with_the_way_to_write_it(value, said):
    with pytest.raises(click.BadParameter, match=said):
        split_parameters(CONTEXT, OPTION, value)


def test_a_parameter_file_holds_what_params_cannot_and_params_go_before_it(tmp_path):
    file = tmp_path / "mine.yml"
    file.write_text("target: {path: \"a, b=c: [#1\", name: '007'}\nobjective: macro_f1\n")
    read = read_parameter_file(file)
    assert read["target"] == {"path": "a, b=c: [#1", "name": "007"}
    both = merged(read, {"target": {"name": "x"}, "seed": 1})
    assert both == {
        "target": {"path": "a, b=c: [#1", "name": "x"},
        "objective": "macro_f1",
        "seed": 1,
    }
    assert read_parameter_file(None) == {}


@pytest.mark.parametrize("content", [b"[1, 2]", b"a: [", b"\xff\xfe", b"a: 1\na: 2", b""])
def test_a_parameter_file_that_holds_none_is_named(tmp_path, content):
    file = tmp_path / "mine.yml"
    file.write_bytes(content)
    if content == b"":
        assert read_parameter_file(file) == {}
    else:
        with pytest.raises(InputError, match=r"mine\.yml"):
            read_parameter_file(file)
