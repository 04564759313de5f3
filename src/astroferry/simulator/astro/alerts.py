"""Alerts: the part of Astro's API that is in v1beta1 only; here they are read, and made by whoever sets the scene."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.simulator.astro.access import READ, level_on_deployment

if TYPE_CHECKING:
    from astroferry.simulator.astro.state import AstroState
    from astroferry.simulator.astro.wire import Call, Handler


async def list_alerts(call: Call) -> dict[str, Any]:
    """The alerts of Deployments that the token may read."""
    found = []
    for alert in call.state.alerts.values():
        deployment = call.state.deployments.get(alert["deploymentId"])
        if (
            deployment is not None
            and alert["organizationId"] == call.organization
            and level_on_deployment(call.state, call.token, deployment) >= READ
            and call.asked("alertIds", alert["id"])
            and call.asked("deploymentIds", alert["deploymentId"])
            and call.asked("workspaceIds", alert["workspaceId"])
            and call.asked("alertTypes", alert["type"])
        ):
            found.append(alert)
    # v1beta1 names no defaults for its pages; these are those of v1.
    call.query.setdefault("offset", 0)
    call.query.setdefault("limit", 20)
    return call.page("alerts", found)


def add_alert(
    state: AstroState, deployment_id: str, kind: str = "DAG_FAILURE", channels: tuple[str, ...] = ()
) -> str:
    """An alert as somebody made it in Astro's pages; `channels`: EMAIL, SLACK; gives its id."""
    alert, stamp = state.new_id(), state.stamp()
    workspace = state.deployments[deployment_id].workspace
    about = {"entityId": deployment_id, "entityType": "DEPLOYMENT", "organizationId": state.organization}
    by = {"id": next(iter(state.users)), "subjectType": "USER"}
    state.alerts[alert] = {
        **about,
        "id": alert,
        "name": f"{kind} on {deployment_id}",
        "type": kind,
        "severity": "CRITICAL",
        "deploymentId": deployment_id,
        "workspaceId": workspace,
        "rules": {"properties": {"deploymentId": deployment_id}, "patternMatches": []},
        "notificationChannels": [
            {
                **about,
                "id": state.new_id(),
                "name": channel.title(),
                "type": channel,
                "definition": {},
                "createdAt": stamp,
                "updatedAt": stamp,
            }
            for channel in channels
        ],
        "createdAt": stamp,
        "updatedAt": stamp,
        "createdBy": by,
        "updatedBy": by,
    }
    return alert


HANDLERS: dict[str, Handler] = {"listAlerts": list_alerts}
