import json
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.audit.comparison import MAX_DIFFERENCES, compare_bytes, json_differences
from metallmix_kedro.audit.record import DatasetVersion

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


def recorded(content: bytes) -> DatasetVersion:
    return DatasetVersion(version="v1", sha256=sha256(content).hexdigest())


@given(JSON)
def test_a_value_does_not_differ_from_itself(value):
    assert list(json_differences(value, json.loads(json.dumps(value)))) == []


@given(JSON, JSON)
def test_different_values_differ_somewhere(one, other):
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert bool(list(json_differences(one, other))) is not same


def test_paths_and_both_values_are_said():
    stored = {"score": {"value": 0.9}, "trials": [1, 2, 3], "old": True}
    replayed = {"score": {"value": 0.8}, "trials": [1, 5], "new": None}
    assert list(json_differences(stored, replayed)) == [
        "$.new: (absent) -> null",
        "$.old: true -> (absent)",
        "$.score.value: 0.9 -> 0.8",
        "$.trials[1]: 2 -> 5",
        "$.trials[2]: 3 -> (absent)",
    ]


def test_one_and_true_are_different():
    assert list(json_differences(1, True)) == ["$: 1 -> true"]


def test_the_same_bytes_are_identical():
    comparison = compare_bytes("recommendation", recorded(b"{}"), b"{}", b"{}")
    assert comparison.identical
    assert comparison.stored_intact
    assert comparison.differences == ()


def test_a_different_result_is_told_with_its_paths():
    comparison = compare_bytes("recommendation", recorded(b'{"a":1}'), b'{"a":1}', b'{"a":2}')
    assert not comparison.identical
    assert comparison.stored_intact
    assert comparison.differences == ("$.a: 1 -> 2",)


def test_a_tampered_file_is_told_apart_from_a_different_result():
    comparison = compare_bytes("recommendation", recorded(b'{"a":1}'), b'{"a":9}', b'{"a":1}')
    assert comparison.identical
    assert comparison.stored_intact is False
    assert comparison.differences == ("$.a: 9 -> 1",)


def test_a_deleted_file_is_told():
    comparison = compare_bytes("recommendation", recorded(b"{}"), None, b"{}")
    assert comparison.identical
    assert comparison.stored_intact is None


def test_differences_are_limited_and_other_bytes_have_none():
    many = json.dumps(list(range(100))).encode()
    others = json.dumps(list(range(1, 101))).encode()
    assert len(compare_bytes("x", recorded(many), many, others).differences) == MAX_DIFFERENCES
    assert compare_bytes("report", recorded(b"<p>"), b"<p>", b"<b>").differences == ()
