"""A server on 127.0.0.1 that speaks what is used of Ollama's protocol, well or badly.

What it does to each chat request is scripted: a list of `Behaviour`s, one a request, the last one
for all that follow.
"""

import json
import math
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "tiny:latest"
DIGEST = "ab" * 32

Behaviour = Callable[["_Handler"], None]


class LoopbackOllama(ThreadingHTTPServer):
    """The server; `requests` holds the bodies of all chat requests so far."""

    daemon_threads = True

    def __init__(self, behaviours: Sequence[Behaviour], models: Sequence[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behaviours = list(behaviours)
        self.models = list(models)
        self.requests: list[dict[str, Any]] = []
        self.stopping = threading.Event()
        self.version_answer: bytes | None = b'{"version": "0.13.5"}'
        self.tags_answer: bytes | None = None
        self.capabilities = ["completion"]
        self.digests: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what some tests are about."""


@contextmanager
def serving(*behaviours: Behaviour, models: Sequence[str] = (MODEL,)) -> Iterator[LoopbackOllama]:
    server = LoopbackOllama(behaviours, models)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def says(text: str, done_reason: str = "stop") -> Behaviour:
    """Stream a text in a few pieces and end well."""

    def behave(handler: "_Handler") -> None:
        handler.begin()
        size = max(1, len(text) // 5)
        for start in range(0, len(text), size):
            handler.piece(text[start : start + size])
        handler.end(done_reason)

    return behave


def answers(**reply: Any) -> Behaviour:
    """Stream a JSON object."""
    return says(json.dumps(reply))


def prefers(marker: str, *explanation: Any, log_probabilities: bool = False) -> Behaviour:
    """Vote for the candidate in whose row the marker stands, wherever that is; then explain."""

    def behave(handler: "_Handler") -> None:
        rows = handler.asked.splitlines()
        mine = [row[0] for row in rows if re.match(r"[A-Z] ", row) and marker in row]
        if not handler.votes:
            says(json.dumps({"explanation": list(explanation)}))(handler)
            return
        # Of a list without contents, the first.
        says_letter((mine or ["A"])[0], log_probabilities)(handler)

    return behave


def always(letter: str, *explanation: Any, log_probabilities: bool = False) -> Behaviour:
    """Vote for a place, whoever stands there; then explain."""

    def behave(handler: "_Handler") -> None:
        if handler.votes:
            says_letter(letter, log_probabilities)(handler)
        else:
            says(json.dumps({"explanation": list(explanation)}))(handler)

    return behave


def says_letter(letter: str, log_probabilities: bool = False) -> Behaviour:
    """Vote for a letter; with log-probabilities, 0.7 for it and 0.3 for the one after it."""

    def behave(handler: "_Handler") -> None:
        handler.begin()
        for piece in ('{"choice":', ' "', letter, '"}'):
            top = [{"token": piece, "logprob": math.log(0.7)}]
            if piece == letter:
                top.append({"token": chr(ord(letter) + 1), "logprob": math.log(0.3)})
            known = [{"token": piece, "logprob": top[0]["logprob"], "top_logprobs": top}]
            handler.piece(piece, **({"logprobs": known} if log_probabilities else {}))
        handler.end("stop")

    return behave


def thinks(thought: str, text: str) -> Behaviour:
    """Think aloud in Ollama's own field, then answer."""

    def behave(handler: "_Handler") -> None:
        handler.begin()
        message = {"role": "assistant", "content": "", "thinking": thought}
        handler.line({"model": MODEL, "message": message, "done": False})
        handler.piece(text)
        handler.end("stop")

    return behave


def hangs(handler: "_Handler") -> None:
    """Take the request and never answer."""
    handler.server.stopping.wait(60)


def stalls(handler: "_Handler") -> None:
    """Begin a reply and fall silent."""
    handler.begin()
    handler.piece('{"choice": "C')
    handler.server.stopping.wait(60)


def never_ends(handler: "_Handler") -> None:
    """Stream small pieces for as long as anybody listens."""
    handler.begin()
    while not handler.server.stopping.is_set():
        handler.piece("and ")
        time.sleep(0.02)


def floods(handler: "_Handler") -> None:
    """Send one line of a hundred megabytes."""
    handler.begin()
    handler.wfile.write(b'{"model": "tiny", "message": {"role": "assistant", "content": "')
    for _ in range(100):
        handler.wfile.write(b"x" * 2**20)
    handler.wfile.write(b'"}, "done": true}\n')


def resets(handler: "_Handler") -> None:
    """Break the connection off in mid-reply."""
    handler.begin()
    handler.piece('{"choice": "C2", "expl')
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def ends_early(handler: "_Handler") -> None:
    """Close the connection politely in mid-reply."""
    handler.begin()
    handler.piece('{"choice": "C2", "explanation": ["Half a')


def fails(handler: "_Handler") -> None:
    """Say that something is wrong inside."""
    handler.send_response(500)
    handler.end_headers()
    handler.wfile.write(b'{"error": "model runner has crashed"}')


def fails_in_stream(handler: "_Handler") -> None:
    """Say in mid-reply that something is wrong."""
    handler.begin()
    handler.piece('{"choice"')
    handler.line({"error": "out of memory"})


def babbles(handler: "_Handler") -> None:
    """Stream what is not JSON at all."""
    handler.begin()
    handler.wfile.write(b"<html>\x00\xff\xfe not ndjson\n" * 20)


def confuses(handler: "_Handler") -> None:
    """Stream JSON of the wrong shape."""
    handler.begin()
    for value in ([], 3, None, {"message": 5}, {"message": {"content": [1]}, "done": "perhaps"}):
        handler.wfile.write(json.dumps(value).encode() + b"\n")


class _Handler(BaseHTTPRequestHandler):
    server: LoopbackOllama

    def do_GET(self) -> None:
        if self.path == "/api/version":
            self.reply(self.server.version_answer)
        elif self.path == "/api/tags":
            models = [
                {
                    "name": name,
                    "digest": self.server.digests.get(name, DIGEST),
                    "details": {"quantization_level": "Q4_K_M"},
                }
                for name in self.server.models
            ]
            self.reply(self.server.tags_answer or json.dumps({"models": models}).encode())
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/api/show":
            self.reply(json.dumps({"capabilities": self.server.capabilities}).encode())
            return
        if self.path != "/api/chat":
            self.send_error(404)
            return
        self.server.requests.append(body)
        place = min(len(self.server.requests), len(self.server.behaviours)) - 1
        self.server.behaviours[place](self)

    def reply(self, content: bytes | None) -> None:
        if content is None:
            hangs(self)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(content)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson")
        self.end_headers()

    def line(self, value: object) -> None:
        self.wfile.write(json.dumps(value).encode() + b"\n")
        self.wfile.flush()

    @property
    def asked(self) -> str:
        """The last question."""
        return str(self.server.requests[-1]["messages"][1]["content"])

    @property
    def votes(self) -> bool:
        """Whether the last question asks for a vote."""
        return "choice" in self.server.requests[-1]["format"]["properties"]

    def piece(self, text: str, **more: Any) -> None:
        message = {"role": "assistant", "content": text}
        self.line({"model": MODEL, "message": message, "done": False, **more})

    def end(self, done_reason: str) -> None:
        self.line(
            {
                "model": MODEL,
                "message": {"role": "assistant", "content": ""},
                "done": True,
                "done_reason": done_reason,
                "prompt_eval_count": 900,
                "prompt_eval_duration": 4_500_000_000,
                "eval_count": 40,
                "eval_duration": 1_600_000_000,
            }
        )

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""
