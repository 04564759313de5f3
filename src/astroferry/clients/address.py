"""What people type as an address, made into the base URL that a client can build on."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, quote, urlsplit

from astroferry.errors import UsageError

_PAGES = re.compile(r"/(?:home|login|dags|api/v\d+)(?:/.*)?$")


def base_address(text: str) -> str:
    """The base URL: with a scheme, without page, API path, query or trailing slash.

    `airflow.acme.corp/home` becomes `https://airflow.acme.corp`; loopback hosts without a scheme get `http`.
    Raises UsageError for an address that is none, and for one with a password in it (which is not repeated).
    """
    text = text.strip()
    if "://" not in text:
        netloc = text.split("/", 1)[0].rpartition("@")[2]
        text = f"{'http' if is_loopback(_host_of(netloc)) else 'https'}://{text}"
    read = _split(text)
    if read is None:
        raise UsageError("That address cannot be read.", hint="It looks like https://airflow.example.com.")
    parts, host, port = read
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            f"The address of {host} carries a username or password; other users of this machine can see it.",
            hint="Give the address without it, and the credentials by environment, file, keyring or prompt.",
        )
    if parts.scheme not in {"http", "https"} or not host:
        raise UsageError(
            f'"{parts.scheme}://{host or ""}" is no web address.', hint="It looks like https://airflow.example.com."
        )
    name = f"[{host}]" if ":" in host else host
    path = _PAGES.sub("", parts.path.rstrip("/")).rstrip("/")
    return f"{parts.scheme}://{name}{f':{port}' if port is not None else ''}{path}"


def is_loopback(host: str) -> bool:
    """Whether this host name or address never leaves the machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def bare(url: str) -> str:
    """A URL for a message: without query and fragment, where signatures and tokens live."""
    return url.split("?", 1)[0].split("#", 1)[0]


def segment(value: str) -> str:
    """An id as one path segment: dots, slashes, spaces and letters of any script survive."""
    return quote(value, safe="")


def _split(text: str) -> tuple[SplitResult, str | None, int | None] | None:
    """The parts, or None: the library's own message would repeat what was typed, maybe a password."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return parts, host, port


def _host_of(netloc: str) -> str:
    if netloc.startswith("["):
        return netloc[1:].split("]", 1)[0]
    return netloc.split(":", 1)[0]
