"""A made-up secret in every field that can hold one: it is found in no file, output, log or report of a bug."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness import BY_HAND, DEPLOYMENT, TICKS_NOW, TICKS_ON, World

from astroferry.carry import verifying
from astroferry.carry.actions.connection import CopyConnection
from astroferry.carry.probes.leftovers import KEY_PREFIX
from astroferry.errors import Exit
from astroferry.simulator.source.estate import SimConnection, SimUser, SimVariable

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness import Ran

CANARY = "canary7Zq"
"""part of every secret; it has no character that a URL or JSON writes differently"""
LOGIN = "nestling-login-0x2"
"""Airflow itself shows logins, and drift is seen by them: one stands in the inventory, and nowhere else"""
PASSWORD = f"{CANARY}-source-password-0x1"
CONNECTIONS = (
    SimConnection(
        "nest_pg", "postgres", None, "pg.example.com", LOGIN, f"{CANARY}-password-0x3", "nest", 5432,
        json.dumps({"sslkey": f"{CANARY}-extra-0x4", "deep": {"token": f"{CANARY}-deep-0x5"}}),
    ),
    SimConnection(
        "nest_odd", "http", None, "api.example.com", None, f'{CANARY}-"quoted"\n%/ünïcode-0x6', None, None,
        json.dumps({"Authorization": f"Bearer {CANARY}-header-0x7"}),
    ),
)  # fmt: skip
VARIABLES = (
    SimVariable("nest_api_key", f"{CANARY}-variable-0x8"),
    SimVariable("nest_settings", json.dumps({"password": f"{CANARY}-inner-0x9", "retries": 3})),
)
CONFIRM = ("--confirm", DEPLOYMENT)


class Nest(World):
    """A world full of canaries, that remembers all output of the command."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(
            folder, monkeypatch, dags=(TICKS_ON, TICKS_NOW, BY_HAND), connections=CONNECTIONS, variables=VARIABLES
        )
        self.estate.users["admin"] = SimUser("Admin", PASSWORD)
        monkeypatch.setenv("ASTROFERRY_SOURCE_PASSWORD", PASSWORD)
        self.outputs: list[str] = []

    def run(self, *argv: str) -> Ran:
        ran = super().run(*argv)
        self.outputs += [ran.out, ran.err]
        return ran

    def assert_kept(self, caplog: pytest.LogCaptureFixture) -> None:
        """No file, output or log holds a canary or the Astro token."""
        signature = self.token.rpartition(".")[2]
        for word in (CANARY, signature, LOGIN):
            for path in self.folder.rglob("*"):
                if path.is_file() and (word != LOGIN or path != self.inventory_path):
                    assert word.encode() not in path.read_bytes(), path
            for text in self.outputs:
                assert word not in text
            assert word not in caplog.text
        # The journal holds no digest of a value either: nothing from which one could be guessed.
        assert KEY_PREFIX not in "".join(path.read_text("utf-8") for path in self.folder.glob("*.jsonl"))


@pytest.fixture
def nest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Nest:
    caplog.set_level(logging.DEBUG)
    return Nest(tmp_path, monkeypatch)


def test_a_whole_migration_keeps_every_secret(nest: Nest, caplog: pytest.LogCaptureFixture) -> None:
    nest.planned(cutover={"poll": 60.0, "parse_timeout": 240, "drain_timeout": 1200, "watch_ticks": 1})
    for argv in (
        ["check"], ["check", "--json"], ["show"], ["show", "--json"], ["apply", "--dry-run"], ["apply"],
        ["apply", "--json"], ["verify"], ["verify", "--json"], ["status", "--json"],
        ["cutover", "--wave", "pilot", *CONFIRM], ["rollback", *CONFIRM], ["status"],
        ["rollback", "--stage", "dags", *CONFIRM], ["rollback", "--stage", "configuration", *CONFIRM],
    ):  # fmt: skip
        ran = nest.on_plan(*argv)
        assert ran.code == 0, (argv, ran.err)
        if argv == ["apply"]:
            # The canaries really travelled.
            assert nest.target.fake.connections["nest_odd"].password == CONNECTIONS[1].password
            assert nest.target.fake.variables["nest_api_key"].value == VARIABLES[0].value
    nest.assert_kept(caplog)


def test_every_refusal_of_the_target_keeps_them(nest: Nest, caplog: pytest.LogCaptureFixture) -> None:
    """A server that repeats in its error what was sent to it: the worst that one can do."""
    import httpx  # noqa: PLC0415 - only here a response is made by hand

    nest.planned()
    assert nest.on_plan("apply", "--stage", "prepare").code == 0

    def echo(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and "/api/v2/" in request.url.path:
            said = json.loads(request.content)
            return httpx.Response(422, json={"detail": [{"loc": ["body"], "msg": f"bad: {said}", "input": said}]})
        return None

    nest.wire.before = echo
    ran = nest.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert "422" in ran.err
    nest.on_plan("status")
    nest.assert_kept(caplog)


@pytest.mark.parametrize("place", ["create", "compare", "expected"])
def test_a_bug_of_ours_keeps_them(nest: Nest, caplog: pytest.LogCaptureFixture, place: str) -> None:
    """The report of a bug holds a traceback, whose message holds a secret, plain or in a repr."""
    nest.planned()

    async def create(action: CopyConnection, ctx: Any, _airflow: Any) -> None:
        value = await action._value(ctx)
        assert value.password is not None
        raise ZeroDivisionError(f"{value!r} and {value.password.reveal()!r} and {value.password.reveal()}")

    def expected(_key: Any, values: Any, *_args: Any, **_kwargs: Any) -> Any:
        raise ZeroDivisionError(json.dumps([item.extra.reveal() for item in values.connections.values()]))

    if place == "expected":
        nest.monkeypatch.setattr(verifying, "expected_digests", expected)
    else:
        nest.monkeypatch.setattr(CopyConnection, place, create)
    ran = nest.on_plan("apply")
    assert ran.code == Exit.BUG
    (report,) = nest.folder.glob("astroferry-bug-*.txt")
    assert "ZeroDivisionError" in report.read_text(encoding="utf-8")
    assert "[redacted]" in report.read_text(encoding="utf-8")
    nest.assert_kept(caplog)


def test_refused_credentials_are_not_repeated(nest: Nest, caplog: pytest.LogCaptureFixture) -> None:
    nest.planned()
    nest.estate.users["admin"] = SimUser("Admin", "another")
    assert nest.assess().code == Exit.NOT_ALLOWED
    assert nest.on_plan("apply").code == Exit.NOT_ALLOWED
    nest.estate.users["admin"] = SimUser("Admin", PASSWORD)
    nest.astro.tokens.clear()
    assert nest.on_plan("apply").code == Exit.NOT_ALLOWED
    nest.assert_kept(caplog)


def test_a_credential_in_the_wrong_place_is_not_repeated(nest: Nest, caplog: pytest.LogCaptureFixture) -> None:
    nest.planned()
    nest.edit_plan('credentials = "environment"\ninventory', f'credentials = "{CANARY}-0xA"\ninventory')
    ran = nest.on_plan("apply")
    assert ran.code == Exit.PLAN
    assert "never the credential itself" in ran.err
    nest.edit_plan(f'credentials = "{CANARY}-0xA"', 'credentials = "environment"')
    nest.assert_kept(caplog)
