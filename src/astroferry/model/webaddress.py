"""What an address in a plan must look like; pure, asked beside its field, of answers files and of plans."""

from __future__ import annotations

import re
from urllib.parse import urlsplit


def address_problem(url: str) -> str:
    """What is wrong with the address of a server, as the rest of a sentence that begins with its key; or nothing.

    Nothing of the address is repeated: it may hold a password.
    """
    if not url.startswith(("https://", "http://")):
        return "must begin with https:// or http://"
    if re.search(r"://[^/]*@", url):
        return "holds a user name or password; name the source of credentials instead"
    if re.search(r"[\s<>\"\\^`{|}]", url):
        return "holds a blank, or a sign that no address has"
    if "?" in url or "#" in url:
        return "must hold no query and no fragment (? or #)"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "holds a host or a port that cannot be read"
    if not host:
        return "names no host"
    return "holds a second address" if "://" in url.partition("://")[2] else ""
