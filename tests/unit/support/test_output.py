"""Whatever the terminal, what was finished stays finished."""

import io
import os
import sys

import pytest

from metallmix_kedro.support.output import forgiving_output, show


def stream(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "cp437", "utf-16", "koi8-r"])
def test_what_an_encoding_lacks_is_replaced(monkeypatch, encoding):
    written = stream(encoding)
    monkeypatch.setattr(sys, "stdout", written)
    show(lambda: "╭─ 1.2 × → ☃ −0.2 \udcff", "not shown")
    written.flush()
    assert "1.2" in written.buffer.getvalue().decode(encoding, "replace")


def test_what_cannot_be_shown_is_said_where_the_rest_lies(caplog):
    show(lambda: 1 / 0, "It is saved in x.json")
    assert "It is saved in x.json" in caplog.text


@pytest.mark.parametrize("columns", ["0", "1", "abc", "-5"])
def test_a_terminal_without_width_is_not_believed(monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", columns)
    show(lambda: "as wide as these words", "not shown")
    assert "as wide as these words" in capsys.readouterr().out


def test_output_that_is_closed_broken_or_full_is_given_up(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    broken = os.fdopen(writing, "w")
    monkeypatch.setattr(sys, "stdout", broken)
    monkeypatch.setattr(sys, "stderr", None)
    with forgiving_output():
        for _ in range(3):
            print("words " * 10_000)
        print("words", file=sys.stderr)
    assert sys.stdout is broken
    assert sys.stderr is None
    broken.close()  # nothing is left that would fail at the end of the process


def test_a_closed_stream_is_no_error(monkeypatch):
    closed = stream("utf-8")
    monkeypatch.setattr(sys, "stdout", closed)
    with forgiving_output():
        closed.close()
        print("words")
