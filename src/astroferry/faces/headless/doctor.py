"""`astroferry doctor`: what this machine gives us: terminal, keyring, network, versions; which face would speak."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from typing import TYPE_CHECKING

from astroferry import __version__, diagnostics
from astroferry.clients.credentials import describe_keyring
from astroferry.errors import Exit
from astroferry.faces.which import choose
from astroferry.report.table import table

if TYPE_CHECKING:
    import argparse

_PACKAGES = ("textual", "questionary", "httpx", "keyring", "pydantic", "croniter", "starlette", "uvicorn", "uv")
_NAMES = ("ASTRO_API_TOKEN", "ASTROFERRY_SOURCE_TOKEN", "ASTROFERRY_SOURCE_USERNAME", "ASTROFERRY_SOURCE_PASSWORD")
_NETWORK = (
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "ASTRO_API_URL",
)


async def run(arguments: argparse.Namespace) -> Exit:
    """Always 0: it only tells."""
    size = shutil.get_terminal_size()
    face, why = choose(no_input=arguments.no_input, plain=arguments.plain)
    keyring = await describe_keyring()
    rows = [
        ("astroferry", __version__),
        ("Python", f"{platform.python_version()} at {sys.executable}"),
        ("system", platform.platform(terse=True)),
        ("face", f"{face}: {why}"),
        (
            "terminal",
            f"{os.environ.get('TERM') or 'TERM not set'}, {size.columns}x{size.lines}, {sys.stderr.encoding}",
        ),
        ("over SSH", _ssh()),
        ("keyring", f"{keyring.name or 'none'}: {'used' if keyring.usable else keyring.why}"),
        *((name, "set" if os.environ.get(name) else "not set") for name in _NAMES),
        # Proxies may carry a password, so only the fact is told.
        *((name, "set" if os.environ.get(name) or os.environ.get(name.lower()) else "not set") for name in _NETWORK),
        ("astro CLI", shutil.which("astro") or "not found (only image deploys need it)"),
        *((f"package {name}", _version(name)) for name in _PACKAGES),
    ]
    if arguments.json:
        diagnostics.data_json(dict(rows))
    else:
        diagnostics.data("\n".join(table(("what", "here"), rows, width=max(size.columns, 80))))
    return Exit.DONE


def _ssh() -> str:
    if not os.environ.get("SSH_CONNECTION"):
        return "no"
    if os.environ.get("TMUX") or os.environ.get("STY"):
        return "yes, inside tmux or screen"
    return "yes, not inside tmux: a dropped connection ends the program (saved); better run it inside tmux"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
