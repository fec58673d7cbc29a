import json
from hashlib import sha256

from metallmix_kedro.audit.comparison import LONGEST_LINE, MAX_DIFFERENCES, compare_bytes
from metallmix_kedro.audit.record import DatasetVersion


def recorded(content: bytes) -> DatasetVersion:
    return DatasetVersion(version="v1", sha256=sha256(content).hexdigest())


def test_the_same_bytes_are_identical():
    comparison = compare_bytes("recommendation", recorded(b"{}"), b"{}", b"{}")
    assert comparison.identical
    assert comparison.stored_intact
    assert comparison.differences == ()


def test_a_different_result_is_told_with_its_lines():
    comparison = compare_bytes("recommendation", recorded(b"{\n  1\n}"), b"{\n  1\n}", b"{\n  2\n}")
    assert not comparison.identical
    assert comparison.stored_intact
    assert comparison.differences == ("@@ -2 +2 @@", "-  1", "+  2")


def test_a_tampered_file_is_told_apart_from_a_different_result():
    comparison = compare_bytes("recommendation", recorded(b'{"a":1}'), b'{"a":9}', b'{"a":1}')
    assert comparison.identical
    assert comparison.stored_intact is False
    assert comparison.differences == ("@@ -1 +1 @@", '-{"a":9}', '+{"a":1}')


def test_a_deleted_file_is_told():
    comparison = compare_bytes("recommendation", recorded(b"{}"), None, b"{}")
    assert comparison.identical
    assert comparison.stored_intact is None


def test_differences_are_limited_and_other_bytes_have_none():
    many = json.dumps(list(range(100)), indent=1).encode()
    others = json.dumps(list(range(100, 200)), indent=1).encode()
    assert len(compare_bytes("x", recorded(many), many, others).differences) == MAX_DIFFERENCES
    assert compare_bytes("x", recorded(b"\xff1"), b"\xff1", b"\xff2").differences == ()


def test_a_long_line_is_cut():
    differences = compare_bytes("x", recorded(b"a" * 999), b"a" * 999, b"b" * 999).differences
    assert max(map(len, differences)) == LONGEST_LINE + 1
