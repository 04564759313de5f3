"""Astro's alerts: a part of its API that is not in v1, so it stands alone and may be missing without harm.

Alerts exist in `/platform/v1beta1` only, whose support ends in January 2027, and no successor is documented (Astro's
guide from v1beta1 to v1). Where Astro answers that there is no such API, a person has to say what stands there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.clients.address import segment
from astroferry.clients.astro_shapes import alert_of
from astroferry.errors import NotFoundError, UnsupportedVersionError

if TYPE_CHECKING:
    from astroferry.clients.astro import Astro
    from astroferry.model.organization import AlertSeen

ROOT = "/platform/v1beta1"
PAGE = 100


async def alerts(astro: Astro, deployment_id: str) -> tuple[AlertSeen, ...]:
    """The alerts of one Deployment.

    Raises UnsupportedVersionError where Astro does not serve this part of its API any more, and what `Astro` raises.
    """
    http = astro.http.beside(astro.http.url.removesuffix("/v1") + ROOT)
    path = f"/organizations/{segment(astro.organization.id)}/alerts"
    found: dict[str, AlertSeen] = {}
    offset = 0
    while True:
        params = {"deploymentIds": [deployment_id], "limit": PAGE, "offset": offset}
        try:
            body = await http.json("GET", path, params=params) or {}
        except NotFoundError as error:
            raise UnsupportedVersionError(
                "Astro does not tell its alerts by this API any more (platform/v1beta1).",
                hint="Look at them in Astro's own pages, and confirm it by name.",
            ) from error
        items = body.get("alerts") or []
        for item in items:
            alert = alert_of(item)
            if alert.deployment_id == deployment_id:
                found.setdefault(alert.id, alert)
        offset += len(items)
        if not items or offset >= int(body.get("totalCount") or 0):
            return tuple(found.values())
