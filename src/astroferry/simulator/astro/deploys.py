"""Deploys: begun, uploaded elsewhere (`uploads`), finalized, listed newest first, rolled back.

Where the sources are silent: finalizing with a version that was never uploaded, or with a tarball that cannot be
deployed, is refused with 400 here.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from astroferry.simulator.astro.access import DEPLOY, READ, need_deployment
from astroferry.simulator.astro.records import Arrival, Deploy
from astroferry.simulator.astro.tarball import BadTarballError, Files, read_tarball
from astroferry.simulator.astro.wire import RefusedError
from astroferry.simulator.contract import FieldError

if TYPE_CHECKING:
    from astroferry.simulator.astro.records import Deployment
    from astroferry.simulator.astro.state import AstroState
    from astroferry.simulator.astro.wire import Call, Handler


def upload_path(deploy: Deploy) -> str:
    """The path of a deploy's upload, without its signature."""
    return f"/uploads/{deploy.id}/dags.tar.gz"


def _show(state: AstroState, deploy: Deploy) -> dict[str, Any]:
    if not deploy.upload or deploy.shown["status"] != "INITIALIZED":
        return deploy.shown
    url = f"http://{state.host}{upload_path(deploy)}?sv=2022-11-02&sr=b&sp=cw&sig={deploy.upload}"
    return deploy.shown | {"dagsUploadUrl": url}


def _found(call: Call, deployment: Deployment) -> Deploy:
    deploy = deployment.deploy(call.path["deployId"])
    if deploy is None:
        raise RefusedError(404, f"Deploy {call.path['deployId']} not found")
    return deploy


def _begin(call: Call, deployment: Deployment, kind: str) -> Deploy:
    """A new deploy that shows INITIALIZED."""
    state, stamp, by = call.state, call.state.stamp(), call.state.subject(call.token)
    enabled = deployment.settings["isDagDeployEnabled"]
    deploy_id = state.new_id()
    shown = {
        "id": deploy_id,
        "deploymentId": deployment.id,
        "type": kind,
        "status": "INITIALIZED",
        "description": call.body.get("description", ""),
        "isDagDeployEnabled": enabled,
        "imageRepository": f"{state.host}/images/{deployment.id}",
        "imageTag": deployment.image_tag,
        "airflowVersion": state.airflow_of(deployment),
        "astroRuntimeVersion": deployment.runtime,
        "createdAt": stamp,
        "updatedAt": stamp,
        "createdBySubject": by,
        "updatedBySubject": by,
    }
    deploy = Deploy(deploy_id, shown, runtime=deployment.runtime)
    if enabled:
        deploy.upload = secrets.token_urlsafe(32)
    deployment.deploys.append(deploy)
    return deploy


async def list_deploys(call: Call) -> dict[str, Any]:
    """The history of deploys, newest first."""
    deployment = need_deployment(call, READ)
    return call.page("deploys", [_show(call.state, deploy) for deploy in reversed(deployment.deploys)])


async def get_deploy(call: Call) -> dict[str, Any]:
    """One deploy."""
    return _show(call.state, _found(call, need_deployment(call, READ)))


async def create_deploy(call: Call) -> dict[str, Any]:
    """Begin a deploy; it stays INITIALIZED until it is finalized, for ever if it never is."""
    deployment, body = need_deployment(call, DEPLOY), call.body
    if body["type"] == "BUNDLE":
        raise RefusedError(400, "Invalid request", [FieldError("type", "oneof", "bundles are not embedded here")])
    if body["type"] == "DAG_ONLY" and not deployment.settings["isDagDeployEnabled"]:
        raise RefusedError(400, "DAG-only deploys are not enabled for this Deployment")
    deploy = _begin(call, deployment, body["type"])
    if "git" in body:
        deploy.shown["git"] = body["git"]
    if body["type"] != "DAG_ONLY":
        deploy.shown["imageTag"] = f"deploy-{call.state.now():%Y-%m-%dT%H-%M-%S}"
    return _show(call.state, deploy)


async def update_deploy(call: Call) -> dict[str, Any]:
    """Change a deploy's description, which is all that can be changed."""
    deploy = _found(call, need_deployment(call, DEPLOY))
    deploy.shown["description"] = call.body.get("description", "")
    deploy.shown["updatedAt"] = call.state.stamp()
    return _show(call.state, deploy)


def _files(deployment: Deployment, deploy: Deploy, version: str) -> Files:
    """The DAGs of an uploaded version; raises RefusedError where there are none that can be deployed."""
    if version not in deploy.uploaded:
        wrong = FieldError("dagTarballVersion", "notfound", "was not uploaded for this deploy")
        raise RefusedError(400, "Invalid request", [wrong])
    try:
        files = read_tarball(deploy.uploaded[version])
    except BadTarballError as error:
        deploy.shown["status"] = "FAILED"
        raise RefusedError(400, f"The DAG tarball cannot be deployed: {error}") from error
    deployment.tarballs[version] = files
    # Unpacked it is kept; the bytes are not needed any more.
    deploy.uploaded.clear()
    return files


def _send(state: AstroState, deployment: Deployment, version: str, files: Files) -> None:
    """Have the DAGs arrive after a while."""
    deployment.wanted_dag_version = version
    due = state.now() + timedelta(seconds=state.pace.dags)
    deployment.arrivals.append(Arrival(due, version, files))
    deployment.status.begin(state.now(), (state.pace.dags, "DEPLOYING"))


async def finalize_deploy(call: Call) -> dict[str, Any]:
    """Finish a deploy: its image is current at once, its DAGs arrive a little later."""
    deployment = need_deployment(call, DEPLOY)
    deploy = _found(call, deployment)
    if deploy.shown["status"] != "INITIALIZED":
        raise RefusedError(400, f"The deploy is {deploy.shown['status']} already")
    version = call.body.get("dagTarballVersion", "")
    if deploy.shown["type"] == "DAG_ONLY" and not version:
        wrong = FieldError("dagTarballVersion", "required", "is required for a DAG-only deploy")
        raise RefusedError(400, "Invalid request", [wrong])
    if version:
        _send(call.state, deployment, version, _files(deployment, deploy, version))
        deploy.shown["dagTarballVersion"] = version
    if deploy.shown["type"] != "DAG_ONLY":
        deployment.image_tag = deploy.shown["imageTag"]
    deploy.shown |= {"status": "DEPLOYED", "updatedAt": call.state.stamp()}
    return _show(call.state, deploy)


async def roll_back(call: Call) -> dict[str, Any]:
    """A new deploy that brings back an earlier one's image, runtime, DAG-deploy setting and DAGs."""
    state, deployment = call.state, need_deployment(call, DEPLOY)
    earlier = _found(call, deployment)
    if earlier.shown["status"] != "DEPLOYED":
        raise RefusedError(400, "Only a deploy that was deployed can be rolled back to")
    deployment.image_tag, deployment.runtime = earlier.shown["imageTag"], earlier.runtime
    deployment.settings["isDagDeployEnabled"] = earlier.shown["isDagDeployEnabled"]
    deploy = _begin(call, deployment, earlier.shown["type"])
    deploy.shown |= {"rollbackFromId": earlier.id, "status": "DEPLOYED"}
    if version := earlier.shown.get("dagTarballVersion"):
        deploy.shown["dagTarballVersion"] = version
        _send(state, deployment, version, deployment.tarballs[version])
    return _show(state, deploy)


HANDLERS: dict[str, Handler] = {
    "listDeploys": list_deploys,
    "getDeploy": get_deploy,
    "createDeploy": create_deploy,
    "updateDeploy": update_deploy,
    "finalizeDeploy": finalize_deploy,
    "deployRollback": roll_back,
}
