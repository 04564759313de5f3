"""Deploys from the first request to DAGs in the folder: upload, finalize, history, rollback, and bad tarballs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulator.astro.desk import tarball

if TYPE_CHECKING:
    from tests.simulator.astro.desk import Desk

ONE: dict[str, bytes | str] = {"one.py": b"one = 1"}
TWO: dict[str, bytes | str] = {"two.py": b"two = 2", "sub/more.sql": b"select 2"}


async def versions(desk: Desk, deployment: str) -> tuple[str | None, str | None, str]:
    found = await desk.get(f"/deployments/{deployment}")
    return found.get("dagTarballVersion"), found.get("desiredDagTarballVersion"), found["status"]


async def test_dags_arrive_a_little_after_finalizing(desk: Desk) -> None:
    made = await desk.deployment()
    done = await desk.deploy(made["id"], ONE)
    version = done["dagTarballVersion"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", version)
    assert done["status"] == "DEPLOYED"
    assert await versions(desk, made["id"]) == (None, version, "DEPLOYING")
    desk.clock.pass_by(5)
    assert await versions(desk, made["id"]) == (version, version, "HEALTHY")
    assert desk.state.deployments[made["id"]].dags == ONE


async def test_history_is_newest_first_and_an_unfinished_deploy_stays(desk: Desk) -> None:
    made = await desk.deployment()
    where = f"/deployments/{made['id']}/deploys"
    begun = await desk.post(where, {"type": "DAG_ONLY", "description": "left alone"})
    done = await desk.deploy(made["id"], ONE)
    listed = (await desk.get(where))["deploys"]
    assert [item["id"] for item in listed] == [done["id"], begun["id"]]
    assert [item["status"] for item in listed] == ["DEPLOYED", "INITIALIZED"]
    shown = await desk.get(f"{where}/{begun['id']}")
    assert shown["dagsUploadUrl"] == begun["dagsUploadUrl"]
    assert "dagsUploadUrl" not in await desk.get(f"{where}/{done['id']}")
    changed = await desk.post(f"{where}/{begun['id']}", {"description": "still here"})
    assert (changed["description"], changed["status"]) == ("still here", "INITIALIZED")
    await desk.get(f"{where}/cx", 404)


async def test_rolling_back_is_a_new_deploy_with_the_old_dags(desk: Desk) -> None:
    made = await desk.deployment()
    where = f"/deployments/{made['id']}/deploys"
    first = await desk.deploy(made["id"], ONE)
    second = await desk.deploy(made["id"], TWO)
    desk.clock.pass_by(5)
    desk.state.settle()
    record = desk.state.deployments[made["id"]]
    assert record.dags == TWO
    back = await desk.post(f"{where}/{first['id']}/rollback", {"description": "back"})
    assert back["rollbackFromId"] == first["id"]
    assert back["id"] not in {first["id"], second["id"]}
    desk.clock.pass_by(5)
    assert (await versions(desk, made["id"]))[0] == first["dagTarballVersion"]
    assert record.dags == ONE
    assert (await desk.get(where, limit=1))["deploys"][0]["id"] == back["id"]


async def test_rolling_back_to_an_image_brings_its_settings(desk: Desk) -> None:
    made = await desk.deployment()
    where = f"/deployments/{made['id']}/deploys"
    image = await desk.post(where, {"type": "IMAGE_ONLY", "git": {"provider": "GENERIC", "commitSha": "a1"}})
    assert image["git"]["commitSha"] == "a1"
    await desk.post(f"{where}/{image['id']}/rollback", {}, 400)
    done = await desk.post(f"{where}/{image['id']}/finalize", {"dagTarballVersion": ""})
    assert (await desk.get(f"/deployments/{made['id']}"))["imageTag"] == done["imageTag"]
    await desk.update(made, isDagDeployEnabled=False)
    await desk.post(f"{where}/{image['id']}/rollback", {})
    assert (await desk.get(f"/deployments/{made['id']}"))["isDagDeployEnabled"] is True


async def test_a_deploy_is_finalized_once_and_with_its_own_upload(desk: Desk) -> None:
    made = await desk.deployment()
    where = f"/deployments/{made['id']}/deploys"
    begun = await desk.post(where, {"type": "DAG_ONLY"})
    finalize = f"{where}/{begun['id']}/finalize"
    assert await desk.wrong(finalize, {}) == {"dagTarballVersion": "required"}
    assert await desk.wrong(finalize, {"dagTarballVersion": "x"}) == {"dagTarballVersion": "notfound"}
    done = await desk.deploy(made["id"], ONE)
    again = f"{where}/{done['id']}/finalize"
    assert "DEPLOYED already" in (await desk.post(again, {"dagTarballVersion": "x"}, 400))["message"]


async def test_two_deploys_at_one_moment_differ(desk: Desk) -> None:
    made = await desk.deployment()
    first, second = await desk.deploy(made["id"], ONE), await desk.deploy(made["id"], TWO)
    assert first["dagTarballVersion"] != second["dagTarballVersion"]


@pytest.mark.parametrize("kind", ["DAG_ONLY", "BUNDLE"])
async def test_a_deploy_that_cannot_begin(desk: Desk, kind: str) -> None:
    made = await desk.deployment(isDagDeployEnabled=False)
    where = f"/deployments/{made['id']}/deploys"
    await desk.post(where, {"type": kind}, 400)
    assert (await desk.get(where))["totalCount"] == 0


async def test_without_dag_deploys_there_is_no_upload(desk: Desk) -> None:
    made = await desk.deployment(isDagDeployEnabled=False)
    begun = await desk.post(f"/deployments/{made['id']}/deploys", {"type": "IMAGE_AND_DAG"})
    assert "dagsUploadUrl" not in begun
    answer = await desk.upload(f"http://astro.test/uploads/{begun['id']}/dags.tar.gz?sig=", b"")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no tar at all", "not a tar"),
        (tarball({"x.py": b""}, prefix="plugins/"), "below dags/"),
        (tarball({"../x.py": b""}), "below dags/"),
        (tarball({"/x.py": b""}, prefix=""), "below dags/"),
        (tarball({"link.py": "../../etc/passwd"}), "below dags/"),
        (tarball(ONE)[:-20], "not a tar"),
    ],
    # Tarballs hold the time they were made; ids must be the same in every process.
    ids=lambda value: value if isinstance(value, str) else "tarball",
)
async def test_a_tarball_that_cannot_be_deployed_fails_the_deploy(desk: Desk, content: bytes, why: str) -> None:
    made = await desk.deployment()
    where = f"/deployments/{made['id']}/deploys"
    begun = await desk.post(where, {"type": "DAG_ONLY"})
    version = (await desk.upload(begun["dagsUploadUrl"], content)).headers["x-ms-version-id"]
    refused = await desk.post(f"{where}/{begun['id']}/finalize", {"dagTarballVersion": version}, 400)
    assert why in refused["message"]
    assert (await desk.get(f"{where}/{begun['id']}"))["status"] == "FAILED"
    assert (await versions(desk, made["id"]))[1] is None


@pytest.mark.parametrize("mode", ["w", "w:gz"])
async def test_plain_and_gzipped_tarballs_with_links_inside_are_taken(desk: Desk, mode: str) -> None:
    made = await desk.deployment()
    begun = await desk.post(f"/deployments/{made['id']}/deploys", {"type": "DAG_ONLY"})
    files: dict[str, bytes | str] = {"sub/one.py": b"1", "sub/link.py": "one.py"}
    version = (await desk.upload(begun["dagsUploadUrl"], tarball(files, mode=mode))).headers["x-ms-version-id"]
    where = f"/deployments/{made['id']}/deploys/{begun['id']}/finalize"
    await desk.post(where, {"dagTarballVersion": version})
    desk.clock.pass_by(5)
    await desk.get(f"/deployments/{made['id']}")
    assert desk.state.deployments[made["id"]].dags == files


async def begin(desk: Desk) -> dict[str, Any]:
    made = await desk.deployment()
    begun: dict[str, Any] = await desk.post(f"/deployments/{made['id']}/deploys", {"type": "DAG_ONLY"})
    return begun


async def test_an_upload_is_signed_and_carries_no_authorization(desk: Desk) -> None:
    url = (await begin(desk))["dagsUploadUrl"]
    for where, headers, status in (
        (url, {"Authorization": f"Bearer {desk.token}"}, 403),
        (url[:-3] + "xxx", {}, 403),
        (url.replace("/uploads/c", "/uploads/x"), {}, 404),
        (url, {"x-ms-blob-type": "PageBlob"}, 400),
    ):
        answer = await desk.upload(where, b"tar", **headers)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("application/xml")
        assert "x-ms-version-id" not in answer.headers
    assert (await desk.http.post(url)).status_code == 405
    assert (await desk.upload(url, b"tar")).status_code == 201
    assert desk.state.count("upload") == 1
    assert all("sig=" not in entry.path for entry in desk.state.requests)


async def test_an_upload_in_blocks(desk: Desk) -> None:
    begun = await begin(desk)
    url, content = begun["dagsUploadUrl"], tarball(ONE)
    for name, part in (("QQ==", content[:50]), ("Qg==", content[50:])):
        answer = await desk.http.put(f"{url}&comp=block&blockid={name}", content=part)
        assert answer.status_code == 201
    blocks = "<BlockList><Latest>QQ==</Latest><Latest>Qg==</Latest></BlockList>"
    unknown = await desk.http.put(f"{url}&comp=blocklist", content="<BlockList><Latest>Zz==</Latest></BlockList>")
    assert unknown.status_code == 400
    committed = await desk.http.put(f"{url}&comp=blocklist", content=blocks)
    assert committed.status_code == 201
    deployment = begun["deploymentId"]
    version = committed.headers["x-ms-version-id"]
    where = f"/deployments/{deployment}/deploys/{begun['id']}/finalize"
    await desk.post(where, {"dagTarballVersion": version})
    assert desk.state.deployments[deployment].tarballs[version] == ONE


async def test_an_upload_whose_answer_is_lost_can_be_repeated(desk: Desk) -> None:
    begun = await begin(desk)
    desk.state.fail_next("PUT /uploads/*", 503)
    assert (await desk.upload(begun["dagsUploadUrl"], b"")).status_code == 503
    first = await desk.upload(begun["dagsUploadUrl"], tarball(TWO))
    second = await desk.upload(begun["dagsUploadUrl"], tarball(ONE))
    assert first.headers["x-ms-version-id"] != second.headers["x-ms-version-id"]
