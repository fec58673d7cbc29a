"""The address of an Ollama server, read as Ollama itself reads ``OLLAMA_HOST``."""

import ipaddress
import os
import re

DEFAULT = "http://127.0.0.1:11434"
VARIABLE = "OLLAMA_HOST"

_PORTS = {"http": 80, "https": 443}
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 (listens there)
_ADDRESS = re.compile(
    r"(?P<host>\[[^\]]*\]|[^\s/?#@:]*|[\da-fA-F.:]+)(:(?P<port>\d*))?(?P<path>/[^\s?#]*)?"
)
_API = re.compile(r"(/v1|/api)?/*\Z")


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
    found = _ADDRESS.fullmatch(rest)
    if found is None or not (found["host"] or found["port"]):
        raise ValueError("it names no server (host:port, without user, password, blank, ? or #)")
    port = int(found["port"] or (_PORTS[scheme] if separator else 11434))
    if not 0 < port < 2**16:
        raise ValueError(f"{port} is no port")
    host = found["host"].strip("[]")
    host = _EVERYWHERE.get(host, host)
    if ":" in host:
        try:
            host = f"[{ipaddress.IPv6Address(host)}]"
        except ValueError:
            raise ValueError(f"{host!r} is no address of a server") from None
    return f"{scheme}://{host}:{port}{_API.sub('', found['path'] or '', count=1)}"
