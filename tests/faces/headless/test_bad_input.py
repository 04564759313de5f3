"""Whatever is wrong: one clear sentence, the documented exit code, nothing lost, nothing half-written."""

from __future__ import annotations

import fcntl
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.harness import ASTRO, DEPLOYMENT, SOURCE, World

from astroferry.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Ran

HTML = "<html><body>Please log in</body></html>"


def files(world: World) -> dict[str, bytes]:
    """All that lies in the plan's folder, but the servers' own."""
    return {
        str(path.relative_to(world.folder)): path.read_bytes()
        for path in sorted(world.folder.rglob("*"))
        if path.is_file() and "astro" not in path.relative_to(world.folder).parts
    }


def refused(ran: Ran, code: Exit, *parts: str) -> None:
    """One sentence for the user, with these parts, and no traceback."""
    assert ran.code == code, ran.err
    last = ran.err[ran.err.rindex("astroferry: ") :] if "may not ask" not in ran.err else ran.err
    for part in parts:
        assert part in last, ran.err
    assert "Traceback" not in ran.err
    assert "this is a bug" not in ran.err


def web_page(status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers={"content-type": "text/html", **headers}, text=HTML)


# The source


def test_an_address_where_nobody_listens(world: World) -> None:
    refused(
        world.run("assess", "http://elsewhere.test"), Exit.REMOTE, "could not be reached", "connection was refused"
    )
    assert not Path("inventory.json").exists()


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("ftp://files.test", "is no web address"),
        ("http://me:pw-in-url@source.test", "carries a username or password"),
    ],
)
def test_an_address_that_is_none(world: World, url: str, part: str) -> None:
    ran = world.run("assess", url)
    refused(ran, Exit.USAGE, part)
    assert "pw-in-url" not in ran.err


def test_a_port_that_refuses_on_a_real_socket(world: World) -> None:
    world.on_the_network = True
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        refused(world.run("assess", url, "--out", str(world.inventory_path)), Exit.REMOTE, "connection was refused")
    assert not world.inventory_path.exists()


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (web_page, "a web page where JSON was expected"),
        (lambda: web_page(302, location="/login"), "a redirect to /login"),
    ],
)
def test_a_login_page_in_place_of_the_api(world: World, answer: Callable[[], httpx.Response], part: str) -> None:
    world.wire.before = lambda _request: answer()
    refused(world.assess(), Exit.REMOTE, part)
    assert not world.inventory_path.exists()


def test_airflow_1_is_named_with_what_to_do(world: World) -> None:
    def airflow_1(request: httpx.Request) -> httpx.Response:
        if "experimental" in request.url.path:
            return httpx.Response(200, json={"version": "1.10.15"})
        return httpx.Response(404)

    world.wire.before = airflow_1
    refused(world.assess(), Exit.REMOTE, "runs Airflow 1.10.15", "Upgrade it to Airflow 2.11 first")


def test_a_refused_password_and_none(world: World) -> None:
    world.monkeypatch.setenv("ASTROFERRY_SOURCE_PASSWORD", "not-the-password")
    refused(world.assess(), Exit.NOT_ALLOWED, "does not allow", "Check the token, or the username and password")
    world.monkeypatch.delenv("ASTROFERRY_SOURCE_PASSWORD")
    refused(world.assess(), Exit.NOT_ALLOWED, "There are no credentials of the source", "ASTROFERRY_SOURCE_TOKEN")


def test_a_probe_that_fails_is_in_the_inventory_and_not_the_end(world: World) -> None:
    world.wire.before = lambda request: httpx.Response(500) if request.url.path.endswith("/plugins") else None
    ran = world.assess()
    assert ran.code == 0
    assert "plugins: failed" in ran.out


# Astro


def test_a_token_of_another_organization(world: World) -> None:
    world.planned()
    other = world.astro.add_organization("Other")
    world.monkeypatch.setenv("ASTRO_API_TOKEN", world.astro.token(organization=other))
    for verb in ("check", "apply", "verify"):
        refused(world.on_plan(verb), Exit.NOT_ALLOWED, "does not belong to the organization")
    assert not world.journal_path.exists()


def test_a_token_that_is_refused_and_none(world: World) -> None:
    world.planned()
    world.monkeypatch.setenv("ASTRO_API_TOKEN", "no.such.token")
    refused(world.on_plan("apply"), Exit.NOT_ALLOWED, "Astro refused the credentials")
    world.monkeypatch.delenv("ASTRO_API_TOKEN")
    refused(world.on_plan("apply"), Exit.NOT_ALLOWED, "There is no Astro token in the environment")
    assert not world.journal_path.exists()


def test_a_token_whose_time_is_over(world: World) -> None:
    world.planned()
    world.monkeypatch.setenv("ASTRO_API_TOKEN", world.astro.token(expires=world.clock.now() - timedelta(hours=1)))
    refused(world.on_plan("apply"), Exit.NOT_ALLOWED, "The Astro token expired on 2026-11-22 at ", "Get a new one")
    assert not world.journal_path.exists()


def test_an_address_of_astro_where_something_else_answers(world: World) -> None:
    world.planned()
    world.wire.before = lambda request: web_page(404) if request.url.host == "astro.localhost" else None
    refused(world.on_plan("apply"), Exit.REMOTE, f"No Astro answers at {ASTRO}.", "Check ASTRO_API_URL")
    assert not world.journal_path.exists()


def test_a_plan_without_astro_says_what_the_answers_must_give(world: World) -> None:
    assert world.assess().code == 0
    world.monkeypatch.setenv("ASTRO_API_TOKEN", "no.such.token")
    ran = world.make_plan()
    refused(
        ran, Exit.PLAN, "2 answers are missing", "target.organization: is missing", "decisions.runtime: is missing"
    )
    assert "Astro could not be asked, so its side is taken from the answers alone. Astro refused" in ran.err
    assert not world.plan_path.exists()


def test_a_token_that_expires_half_way(world: World) -> None:
    world.planned()
    ends = world.clock.now() + timedelta(seconds=45)
    world.monkeypatch.setenv("ASTRO_API_TOKEN", world.astro.token(expires=ends))
    ran = world.on_plan("apply")
    refused(ran, Exit.NOT_ALLOWED, "Astro refused the token half-way", "what is done stays done")
    done = {entry.action for entry in world.entries() if entry.event == "done"}
    assert done, "it should have ended half-way, not at the beginning"
    world.monkeypatch.setenv("ASTRO_API_TOKEN", world.token)
    again = world.on_plan("apply")
    assert again.code == 0, again.err
    assert world.astro.count("createWorkspace") == 1
    assert world.astro.count("createDeployment") == 1


def test_a_deployment_that_does_not_answer_ends_the_run_at_once(world: World) -> None:
    world.applied()
    short = next(iter(world.astro.deployments.values())).short
    world.wire.before = lambda request: web_page(503) if request.url.path.startswith(f"/{short}/") else None
    ran = world.on_plan("apply")
    refused(ran, Exit.REMOTE, "with 503", "Run the same command again later")
    assert ran.err.count("503") == 1
    assert world.on_plan("status").code == Exit.IN_PART
    world.wire.before = lambda _request: None
    assert world.on_plan("apply").code == 0
    assert world.on_plan("status").code == 0


def test_a_runtime_that_astro_does_not_offer(world: World) -> None:
    world.planned()
    world.edit_plan('runtime = "3.3-8"', 'runtime = "3.9-1"')
    checked = world.on_plan("check")
    assert checked.code == Exit.PLAN
    assert "Astro offers Runtime 3.9-1" in checked.out
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert 'Astro does not offer Runtime "3.9-1"' in ran.err
    assert "needs Deployment" in ran.err
    assert world.astro.deployments == {}


def test_astro_that_is_away(world: World) -> None:
    world.planned()
    world.wire.before = lambda request: web_page(503) if request.url.host == "astro.localhost" else None
    refused(world.on_plan("apply"), Exit.REMOTE, "with 503")


# The plan's files


def test_a_plan_edited_into_nonsense_lists_everything_with_its_line(world: World) -> None:
    world.planned()
    text = world.plan_path.read_text(encoding="utf-8")
    world.edit_plan('cluster = "standard"', 'cluster = "round"')
    world.edit_plan("region =", "regoin =")
    world.edit_plan("watch_ticks = 3", 'watch_ticks = "many"')
    broken = world.plan_path.read_bytes()
    for verb in ("check", "show", "apply", "verify", "status"):
        ran = world.on_plan(verb)
        refused(ran, Exit.PLAN, "3 problems", "must be one of", 'did you mean "region"?')
        lines = broken.decode().splitlines()
        for key, path in (
            ('cluster = "round"', "decisions.cluster"),
            ("regoin = ", "decisions.regoin"),
            ("watch_ticks = ", "cutover.watch_ticks"),
        ):
            number = next(count for count, line in enumerate(lines, 1) if line.startswith(key))
            assert f"migration.toml:{number} {path}:" in ran.err
    assert world.plan_path.read_bytes() == broken
    world.plan_path.write_text(text, encoding="utf-8")
    assert world.on_plan("show").code == 0


def test_contradictions_are_listed_together(world: World) -> None:
    world.planned()
    world.edit_plan('networking = "public"', 'networking = "vpn"')
    world.edit_plan('workspace = "Quay"', 'workspace = "Kiosk"')
    ran = world.on_plan("apply")
    refused(ran, Exit.PLAN, "2 problems", "vpn needs a dedicated cluster", 'there is no Workspace "Kiosk"')


def test_a_newer_format(world: World) -> None:
    world.planned()
    world.edit_plan("format = 1", "format = 9")
    refused(world.on_plan("apply"), Exit.PLAN, "has format 9", "Upgrade astroferry.")


HOLDER = "import sys, fcntl, os; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); f.write('tests pid 1'); f.flush(); print('held', flush=True); sys.stdin.read()"  # noqa: E501 - one program


def test_a_second_process_on_the_plan(world: World) -> None:
    world.planned()
    lock = world.folder / ".migration.toml.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        for verb in (["apply"], ["verify"], ["cutover", "--wave", "pilot"], ["rollback"]):
            refused(world.on_plan(*verb), Exit.IN_USE, "is in use by tests pid 1")
        for verb in (["status"], ["show"], ["check"], ["apply", "--dry-run"]):  # only look, so they may
            assert world.on_plan(*verb).code == 0
        holder.stdin.close()
    with lock.open() as free:
        fcntl.flock(free, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert not world.journal_path.exists()
    assert world.on_plan("apply", "--stage", "prepare").code == 0


def test_a_journal_that_cannot_be_read(world: World) -> None:
    world.planned()
    world.journal_path.write_text('{"n": 1}\nnonsense\n', encoding="utf-8")
    for verb in ("apply", "status", "rollback"):
        refused(world.on_plan(verb), Exit.PLAN, "cannot be read at line 1", "Restore it from a backup")
    assert world.journal_path.read_text(encoding="utf-8") == '{"n": 1}\nnonsense\n'


def test_files_that_are_not_there(world: World) -> None:
    world.planned()
    for verb in (("apply",), ("refresh",), ("approve", "--by", "Ada")):
        refused(world.run(*verb, str(world.folder / "other.toml")), Exit.PLAN, "There is no plan at")
    assert not list(world.folder.glob(".other*"))
    text = world.plan_path.read_text(encoding="utf-8")
    world.edit_plan('dags_folder = "dags"', 'dags_folder = "nowhere"')
    refused(world.on_plan("apply"), Exit.PLAN, "There is no DAG folder at")
    (world.folder / "empty").mkdir()
    world.edit_plan('dags_folder = "nowhere"', 'dags_folder = "empty"')
    refused(world.on_plan("apply"), Exit.PLAN, "empty is empty (code.dags_folder)")
    world.edit_plan('dags_folder = "empty"', "")
    refused(world.on_plan("apply"), Exit.PLAN, "The plan names no DAG folder")
    world.plan_path.write_text(text, encoding="utf-8")
    world.inventory_path.unlink()
    refused(world.on_plan("apply"), Exit.PLAN, "There is no inventory at")
    assert world.astro.workspaces == {}
    assert not world.journal_path.exists()


def test_answers_that_cannot_be_read(world: World) -> None:
    assert world.assess().code == 0
    before = files(world)
    where = ("plan", "--inventory", str(world.inventory_path), "--out", str(world.plan_path), "--answers")
    refused(world.run(*where, str(world.folder / "none.toml")), Exit.PLAN, "There is no answers file at")
    refused(world.run(*where, str(world.folder)), Exit.PLAN, "is a folder, not a answers file")
    broken = world.folder / "dags" / "broken.toml"
    broken.write_text("= 3", encoding="utf-8")
    refused(world.run(*where, str(broken)), Exit.PLAN, "is not valid TOML")
    broken.unlink()
    assert files(world) == before


def test_answers_that_contradict_each_other(world: World) -> None:
    assert world.assess().code == 0
    ran = world.make_plan(workspaces=[{"name": "Kiosk"}])
    refused(ran, Exit.PLAN, "The answers contradict each other", 'there is no Workspace "Quay"')
    assert not world.plan_path.exists()


def test_an_inventory_and_a_plan_that_cannot_be_written(world: World) -> None:
    refused(world.run("assess", SOURCE, "--out", str(world.folder)), Exit.PLAN, "is a folder; name a file")
    assert world.wire.requests == []
    refused(world.run("assess", SOURCE, "--out", str(world.folder / "no" / "x")), Exit.PLAN, "There is no folder")


# Names that must be said


@pytest.mark.parametrize(
    ("argv", "parts"),
    [
        (["apply", "--wave", "zzz"], ('There is no wave "zzz"', "Waves: pilot, rest.")),
        (["apply", "--stage", "zzz"], ('There is no stage "zzz"', "Stages: prepare, configuration, dags, test.")),
        (["cutover", "--wave", "zzz"], ('There is no wave "zzz"', "Waves: pilot, rest.")),
        (["rollback", "--wave", "zzz"], ('There is no wave "zzz"',)),
        (["rollback", "--stage", "zzz"], ('There is no stage "zzz" to undo',)),
        (["rollback", "--stage", "dags", "--dag", "x"], ("--stage and --code go without --wave and --dag",)),
        (
            ["rollback", "--wave", "pilot", "--dag", "zzz", "--confirm", DEPLOYMENT],
            ('The DAG "zzz" was not handed over by the wave "pilot"',),
        ),
        (["cutover"], ("The following arguments are required: --wave",)),
        (["fly"], ("invalid choice: 'fly'",)),
    ],
)
def test_a_command_line_that_is_wrong(world: World, argv: list[str], parts: tuple[str, ...]) -> None:
    world.planned()
    refused(world.on_plan(*argv), Exit.USAGE, *parts)
    assert not world.journal_path.exists()


def test_production_moves_only_where_its_name_is_said(world: World) -> None:
    world.applied()
    before = files(world)
    for argv in (["cutover", "--wave", "pilot"], ["rollback", "--stage", "dags"]):
        for said in ([], ["--confirm", "yes"]):
            refused(world.on_plan(*argv, *said), Exit.PLAN, f"Confirm with --confirm {DEPLOYMENT}.", "may not ask")
    nothing = world.on_plan("rollback", "--wave", "pilot")
    assert (nothing.code, "There was nothing to roll back." in nothing.err) == (0, True), "no wave was begun"
    assert files(world) == before
    assert all(dag.is_paused for dag in world.target.dags.values())


def test_nothing_is_cut_over_before_it_was_tested_and_found_equal(world: World) -> None:
    world.planned()
    confirm = ("--confirm", DEPLOYMENT)
    refused(
        world.on_plan("cutover", "--wave", "pilot", *confirm), Exit.PLAN, 'The wave "pilot" is planned, not tested'
    )
    assert world.on_plan("apply").code == 0
    world.target.fake.variables["region"].value = "somewhere else"
    assert world.on_plan("verify").code == Exit.IN_PART
    refused(
        world.on_plan("cutover", "--wave", "pilot", *confirm), Exit.PLAN, "have not been found equal", "Run verify."
    )


def test_what_changed_on_the_source_since_the_plan_is_told_line_by_line(world: World) -> None:
    world.planned()
    assert world.on_plan("check", "--json").json["drift"] == []
    del world.estate.variables["region"]
    world.estate.connections["quay_pg"].host = "other.example.com"
    drift = world.on_plan("check", "--json").json["drift"]
    assert len(drift) == 2, drift
    assert [name for name in ("quay_pg", "region") if any(name in line for line in drift)] == ["quay_pg", "region"]
