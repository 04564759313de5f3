"""API tokens shaped as Astro's are: JWTs whose claims tell the organization and what the token is for.

The claims are those that the public command line tool reads (`permissions`, `scope`, `org_id`, `apiTokenId`, `exp`);
the role is not among them: Astro looks it up by the token's id, and so do we.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Scope = Literal["ORGANIZATION", "WORKSPACE", "DEPLOYMENT"]


class BadTokenError(Exception):
    """The text is no token of ours, or it has expired; the message says which."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says of itself. `workspace` and `deployment` are ids, or empty where it is for more than one."""

    token_id: str
    organization: str
    workspace: str = ""
    deployment: str = ""
    is_user: bool = False
    """a person's session, without the claims of an API token"""

    @property
    def scope(self) -> Scope:
        """How far the token reaches."""
        if self.deployment:
            return "DEPLOYMENT"
        return "WORKSPACE" if self.workspace else "ORGANIZATION"


def _part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _json_part(value: dict[str, Any]) -> str:
    return _part(json.dumps(value, separators=(",", ":")).encode())


def _unpart(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signature(key: bytes, signed: str) -> str:
    return _part(hmac.new(key, signed.encode(), hashlib.sha256).digest())


def make_token(key: bytes, claims: Claims, *, issued: datetime, expires: datetime | None = None) -> str:
    """A signed token; `expires` None means never."""
    payload: dict[str, Any] = {"sub": claims.token_id, "org_id": claims.organization, "iat": int(issued.timestamp())}
    if not claims.is_user:
        permissions = [f"apiTokenId:{claims.token_id}", f"organizationId:{claims.organization}"]
        permissions += [f"workspaceId:{claims.workspace}"] if claims.workspace else []
        permissions += [f"deploymentId:{claims.deployment}"] if claims.deployment else []
        payload |= {
            "apiTokenId": claims.token_id,
            "permissions": permissions,
            "scope": " ".join(permissions),
            "isAstronomerGenerated": True,
            "kid": claims.token_id,
            "version": 1,
        }
    if expires is not None:
        payload["exp"] = int(expires.timestamp())
    signed = f"{_json_part({'alg': 'HS256', 'typ': 'JWT'})}.{_json_part(payload)}"
    return f"{signed}.{_signature(key, signed)}"


def read_token(key: bytes, text: str, *, now: datetime) -> Claims:
    """The claims of a token; raises BadTokenError where it is malformed, signed by another, or expired."""
    signed, _, signature = text.rpartition(".")
    if signed.count(".") != 1 or not hmac.compare_digest(signature.encode(), _signature(key, signed).encode()):
        raise BadTokenError("the token is not valid")
    payload = json.loads(_unpart(signed.partition(".")[2]))
    if "exp" in payload and datetime.fromtimestamp(payload["exp"], UTC) <= now:
        raise BadTokenError("the token has expired")
    permissions = dict(item.split(":", 1) for item in payload.get("permissions", ()))
    return Claims(
        token_id=payload["sub"],
        organization=payload["org_id"],
        workspace=permissions.get("workspaceId", ""),
        deployment=permissions.get("deploymentId", ""),
        is_user="permissions" not in payload,
    )
