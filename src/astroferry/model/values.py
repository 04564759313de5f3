"""Secret values in memory: what the user's connections and variables really hold, on their way to the target."""

from __future__ import annotations

from dataclasses import dataclass

from astroferry.model.secret import Secret  # noqa: TC001 - part of the dataclasses' shape


@dataclass(frozen=True, slots=True)
class ConnectionValue:
    """A whole connection. Every field but id and type may be secret, so all of those are.

    `extra` is the raw text as Airflow stores it (usually JSON). None means "not set".
    """

    conn_id: str
    conn_type: str
    description: str | None = None
    host: Secret | None = None
    login: Secret | None = None
    password: Secret | None = None
    schema: Secret | None = None
    port: int | None = None
    extra: Secret | None = None

    def masked_fields(self) -> tuple[str, ...]:
        """The fields in which Airflow's mask stands instead of the value."""
        return tuple(
            name
            for name in ("host", "login", "password", "schema", "extra")
            if (secret := getattr(self, name)) is not None and secret.is_masked()
        )


@dataclass(frozen=True, slots=True)
class VariableValue:
    """A whole variable."""

    key: str
    value: Secret
    description: str | None = None


@dataclass(frozen=True, slots=True)
class SourceValues:
    """All that could be had, and what is still missing (id -> why)."""

    connections: dict[str, ConnectionValue]
    variables: dict[str, VariableValue]
    missing_connections: dict[str, str]
    missing_variables: dict[str, str]
