import os

import pytest

from metallmix_kedro.support.quiet_start import without_start_messages

USUAL = (
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    b"I0000 00:00:1 1 port.cc:153] oneDNN custom operations are on. You may see others.\n"
    b"I0000 00:00:1 1 cudart_stub.cc:31] Could not find cuda drivers on your machine.\n"
)


def test_only_the_usual_lines_are_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before\n")
    with without_start_messages():
        os.write(2, USUAL + b"E0000 something else\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nE0000 something else\nafter\n"


def test_what_was_said_of_a_failure_comes_out(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        os.write(2, USUAL + b"undefined symbol")
        raise ImportError

    with pytest.raises(ImportError), without_start_messages():
        fail()
    assert capfd.readouterr().err == "undefined symbol"
