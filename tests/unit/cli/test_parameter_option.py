import click
import pytest

from metallmix_kedro.cli.parameter_option import split_parameters
from metallmix_kedro.cli.run import run

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
