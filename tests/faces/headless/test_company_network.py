"""The command inside a company's network: its authority, its proxy, and what is said where either is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import trustme
from tests.tls import Street, authority

from astroferry.errors import Exit
from astroferry.simulator.serving import Serving
from astroferry.simulator.source.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness import World

HOST = "airflow.company.test"
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def street() -> Iterator[Street]:
    with Street() as made:
        yield made


@pytest.fixture
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    return authority(tmp_path_factory.mktemp("company"))


def assess(world: World, url: str) -> tuple[int, str]:
    ran = world.run("assess", url, "--out", str(world.inventory_path))
    assert "Traceback" not in ran.err
    return ran.code, ran.err


def test_a_whole_inventory_through_proxy_and_company_authority(
    world: World, street: Street, company: tuple[trustme.CA, Path]
) -> None:
    ca, file = company
    serving = Serving.listen()
    street.run(serving.serve(create_app(world.estate, world.clock.now)))
    try:
        inside = street.server(ca.issue_cert(HOST), int(serving.host.rpartition(":")[2]))
        proxy = street.proxy({HOST: inside}, login="me:proxy-Secret-0x51")
        world.on_the_network = True
        world.monkeypatch.setenv("HTTPS_PROXY", f"http://me:proxy-Secret-0x51@127.0.0.1:{proxy}")
        code, said = assess(world, f"https://{HOST}")
        assert (code, world.inventory_path.exists()) == (Exit.REMOTE, False)
        assert "its certificate is not accepted (unable to get local issuer certificate)" in said
        world.monkeypatch.setenv("SSL_CERT_FILE", str(file))
        code, said = assess(world, f"https://{HOST}")
        assert code == Exit.DONE, said
        assert set(street.proxied) == {f"CONNECT {HOST}:443 HTTP/1.1"}
        assert "proxy-Secret" not in said + world.inventory_path.read_text(encoding="utf-8")
        world.monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy}")
        world.inventory_path.unlink()
        code, said = assess(world, f"https://{HOST}")
        assert (code, world.inventory_path.exists()) == (Exit.REMOTE, False)
        assert "the proxy refused (407 Proxy Authentication Required)" in said
    finally:
        street.run(serving.stop())


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ("expired", "certificate has expired"),
        ("other host", "Hostname mismatch"),
        ("self-signed", "self-signed certificate"),
        pytest.param("not TLS", "it does not speak TLS with us", marks=pytest.mark.slow),
    ],
)
def test_tls_that_is_wrong_is_one_sentence_and_exit_code_5(
    world: World, street: Street, company: tuple[trustme.CA, Path], *, wrong: str, part: str
) -> None:
    ca, file = company
    own = trustme.CA()
    port = street.server(
        {
            "expired": ca.issue_cert("localhost", not_before=YESTERDAY - timedelta(days=9), not_after=YESTERDAY),
            "other host": ca.issue_cert("elsewhere.company.test"),
            "self-signed": trustme.LeafCert(own.private_key_pem.bytes(), own.cert_pem.bytes(), []),
            "not TLS": None,
        }[wrong]
    )
    world.on_the_network = True
    world.monkeypatch.setenv("SSL_CERT_FILE", str(file))
    code, said = assess(world, f"https://localhost:{port}")
    assert code == Exit.REMOTE
    (line,) = [line for line in said.splitlines() if line.startswith("astroferry: ")]
    assert line.startswith(f"astroferry: The source could not be reached at https://localhost:{port}/")
    assert part in line
    assert not world.inventory_path.exists()
