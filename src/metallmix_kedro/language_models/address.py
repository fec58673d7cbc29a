"""The address of an Ollama server, read as Ollama itself reads ``OLLAMA_HOST``."""

import ipaddress
import os
import re

DEFAULT = "http://127.0.0.1:11434"
VARIABLE = "OLLAMA_HOST"

_PORTS = {"http": 80, "https": 443}
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (a server listens there)
_HOST = re.compile(r"[^\s/?#@:]+")
_APIS = ("/v1", "/api")


def from_environment() -> str:
    """Return the address that ``OLLAMA_HOST`` names, else Ollama's default.

    Raises
    ------
    ValueError
        If the variable names none.
    """
    value = os.environ.get(VARIABLE, "").strip().strip("\"'").strip()
    try:
        return read_address(value) if value else DEFAULT
    except ValueError as error:
        raise ValueError(f"the variable {VARIABLE} = {value!r}: {error}") from error


def read_address(text: str) -> str:
    """Read an address: scheme, port and brackets may be missing, the path of an API may follow.

    Parameters
    ----------
    text : str
        Such as ``localhost``, ``:11500``, ``[::1]:11434`` or ``http://box/ollama/v1``. As in
        Ollama, the port without a scheme is 11434, with one the scheme's own.

    Raises
    ------
    ValueError
        If it is no address of a server.

    Examples
    --------
    >>> read_address("localhost"), read_address("http://localhost:11434/v1/")
    ('http://localhost:11434', 'http://localhost:11434')
    >>> read_address("0.0.0.0"), read_address("::1"), read_address("https://box")
    ('http://127.0.0.1:11434', 'http://[::1]:11434', 'https://box:443')
    """
    scheme, separator, rest = text.strip().rpartition("://")
    scheme = scheme.lower() if separator else "http"
    if scheme not in _PORTS:
        raise ValueError(f"{scheme}:// is neither http:// nor https://")
    host_and_port, _, path = rest.partition("/")
    if not host_and_port:
        raise ValueError("it names no server")
    host, port = _host_and_port(host_and_port, _PORTS[scheme] if separator else 11434)
    path = f"/{path}".rstrip("/")
    for api in _APIS:
        path = path.removesuffix(api)
    if re.search(r"[\s?#]", path):
        raise ValueError("its path holds a blank, a ? or a #")
    return f"{scheme}://{host}:{port}{path}"


def _host_and_port(text: str, port: int) -> tuple[str, int]:
    host = text
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::(\d*))?", text)
    if bracketed:
        host, given = bracketed[1], bracketed[2]
    elif text.count(":") == 1:
        host, _, given = text.partition(":")
    else:
        given = None
    if given:
        if not given.isdecimal() or not 0 < int(given) < 2**16:
            raise ValueError(f"{given!r} is no port")
        port = int(given)
    host = _EVERYWHERE.get(host, host) or "127.0.0.1"
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host)}]", port
        except ValueError:
            raise ValueError(f"{host!r} is no address of a server") from None
    if not _HOST.fullmatch(host):
        raise ValueError(f"{host!r} is no name of a server (host:port, without user or password)")
    return host, port
