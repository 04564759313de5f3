"""The blob store to which DAG tarballs are uploaded, with the manners of Azure's block blobs.

The address is signed in advance, so an Authorization header beside it is refused, as Azure refuses it.
Errors are XML.
"""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

    from astroferry.simulator.astro.records import Deploy
    from astroferry.simulator.astro.state import AstroState

_BLOCK = re.compile(r"<(?:Latest|Committed|Uncommitted)>([^<]*)</")


def _refuse(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, status, {"x-ms-error-code": code}, media_type="application/xml")


def _find(state: AstroState, deploy_id: str) -> Deploy | None:
    return next((found for item in state.deployments.values() if (found := item.deploy(deploy_id)) is not None), None)


def _version(state: AstroState, deploy: Deploy) -> str:
    """A version as Azure writes it, with 7 digits of a second; never the same twice."""
    taken = {version for deployment in state.deployments.values() for version in deployment.tarballs}
    taken |= set(deploy.uploaded)
    moment = state.now()
    # The seventh digit is ours: the clock has six, and an injected clock may stand still.
    return next(
        version
        for tick in range(len(taken) + 1)
        if (version := f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond * 10 + tick:07d}Z") not in taken
    )


def _commit(state: AstroState, deploy: Deploy, content: bytes) -> Response:
    version = _version(state, deploy)
    deploy.uploaded[version] = content
    return Response(status_code=201, headers={"x-ms-version-id": version, "etag": f'"{version}"'})


async def receive(state: AstroState, deploy_id: str, request: Request) -> Response:
    """Put Blob, Put Block (`comp=block`) or Put Block List (`comp=blocklist`)."""
    deploy = _find(state, deploy_id)
    if deploy is None:
        return _refuse(404, "ContainerNotFound", "The specified container does not exist.")
    if "authorization" in request.headers:
        return _refuse(403, "AuthenticationFailed", "Only one way of authentication may be used.")
    signature = request.query_params.get("sig", "")
    if not deploy.upload or not hmac.compare_digest(signature.encode(), deploy.upload.encode()):
        return _refuse(403, "AuthenticationFailed", "Signature did not match.")
    if request.method != "PUT":
        return _refuse(405, "UnsupportedHttpVerb", "The resource doesn't support the specified HTTP verb.")
    content, step = await request.body(), request.query_params.get("comp")
    if step == "block":
        deploy.blocks[request.query_params.get("blockid", "")] = content
        return Response(status_code=201)
    if step == "blocklist":
        names = _BLOCK.findall(content.decode())
        if not set(names) <= deploy.blocks.keys():
            return _refuse(400, "InvalidBlockList", "The specified block list is invalid.")
        blocks = b"".join(deploy.blocks[name] for name in names)
        deploy.blocks.clear()
        return _commit(state, deploy, blocks)
    if request.headers.get("x-ms-blob-type") != "BlockBlob":
        return _refuse(400, "MissingRequiredHeader", "x-ms-blob-type must be BlockBlob.")
    return _commit(state, deploy, content)
