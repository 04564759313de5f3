"""A value that must not be seen: it prints as dots, cannot be written by accident, and is known to redaction."""

from __future__ import annotations

import re
from typing import final

from astroferry.diagnostics import remember_secret

MASK = "***"
_HOST = re.compile(r"(https?://)?[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?/?", re.IGNORECASE)
_TELLING = re.compile(
    r"(access_?key|api_?key|apikey|auth|passphrase|passwd|password|private_?key|secret|token|keyfile)", re.IGNORECASE
)


def is_masked(value: str | None) -> bool:
    """Whether Airflow hid something in here: a mask is never a value, also inside a longer text.

    Airflow 2.x masks parts of other values too ("acme-***"), Airflow 3.x accepts a mask as a new value, so the
    mask is looked for anywhere (measured on 2.10.5 and 3.3.2).
    """
    return value is not None and MASK in value


def is_telling(name: str) -> bool:
    """Whether a name says that its value is secret, much as Airflow's own masker judges."""
    return _TELLING.search(name) is not None


def looks_secret(value: str) -> bool:
    """Whether a value of an ordinary field might be a credential all the same: long, letters and digits, no host."""
    return (
        len(value) >= 12
        and any(letter.isdigit() for letter in value)
        and any(letter.isalpha() for letter in value)
        and not _HOST.fullmatch(value)
    )


@final
class Secret:
    """A secret string; `reveal` is the only way in.

    `ordinary`: a value that is usually none (a host, a login, a variable named "environment"). It is kept as closely,
    but output is not searched for it, unless it looks like a secret: else "prod" would be blotted out everywhere.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str, *, ordinary: bool = False) -> None:
        self._value = value
        if not ordinary or looks_secret(value):
            remember_secret(value)

    def reveal(self) -> str:
        """The value itself; the caller sends it, and keeps it nowhere."""
        return self._value

    def is_masked(self) -> bool:
        """Whether this is (partly) Airflow's mask."""
        return is_masked(self._value)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        """Refuse to be pickled."""
        raise TypeError("a Secret is not written anywhere")
