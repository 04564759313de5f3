"""TLS and proxies through the real library: a company's authority, certificates wrong in one way each, CONNECT."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import trustme
from tests.conftest import FixedClock
from tests.tls import Street, authority

from astroferry.clients.auth import BearerAuth
from astroferry.clients.http import Http
from astroferry.errors import UnreachableError
from astroferry.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "airflow.company.test"
"""a name that only the proxy knows"""
TOKEN = "token-Secret-0x41"
ENVIRONMENT = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def street() -> Iterator[Street]:
    with Street() as made:
        yield made


@pytest.fixture
def company(tmp_path: Path) -> tuple[trustme.CA, Path]:
    return authority(tmp_path)


async def ask(url: str) -> object:
    async with Http(url, name="The source", auth=BearerAuth(Secret(TOKEN)), clock=FixedClock()) as http:
        return await http.json("GET", "/api")


async def refused(url: str) -> str:
    with pytest.raises(UnreachableError) as caught:
        await ask(url)
    assert TOKEN not in str(caught.value)
    assert str(caught.value).startswith(f"The source could not be reached at {url}/api: ")
    return str(caught.value)


def test_a_socks_proxy_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_socksio(**_: object) -> None:
        raise ImportError("Using SOCKS proxy, but the 'socksio' package is not installed.")

    monkeypatch.setattr("httpx.AsyncClient", without_socksio)
    with pytest.raises(UnreachableError, match=r"names a SOCKS proxy.*pip install"):
        Http("https://airflow.example.com", name="The source", clock=FixedClock())


async def test_a_company_authority_is_trusted_where_it_is_named(
    street: Street, company: tuple[trustme.CA, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ca, file = company
    url = f"https://localhost:{street.server(ca.issue_cert('localhost'))}"
    said = await refused(url)
    assert "its certificate is not accepted (unable to get local issuer certificate)" in said
    assert "set SSL_CERT_FILE to that authority's certificate" in said
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert await ask(url) == {"ok": True}
    monkeypatch.delenv("SSL_CERT_FILE")
    # A folder is looked up by the certificate's hash, as OpenSSL does it.
    monkeypatch.setenv("SSL_CERT_DIR", str(file.parent))
    assert "not accepted" in await refused(url)


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ("expired", "certificate has expired"),
        ("other-host", "Hostname mismatch, certificate is not valid for 'localhost'"),
        ("self-signed", "self-signed certificate"),
        ("other-authority", "unable to get local issuer certificate"),
    ],
)
async def test_a_certificate_that_is_wrong_in_one_way(
    street: Street, company: tuple[trustme.CA, Path], monkeypatch: pytest.MonkeyPatch, *, wrong: str, part: str
) -> None:
    ca, file = company
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    if wrong == "expired":
        certificate = ca.issue_cert("localhost", not_before=yesterday - timedelta(days=30), not_after=yesterday)
    elif wrong == "other-host":
        certificate = ca.issue_cert("elsewhere.company.test")
    elif wrong == "self-signed":
        own = trustme.CA()
        certificate = trustme.LeafCert(own.private_key_pem.bytes(), own.cert_pem.bytes(), [])
    else:
        certificate = authority(file.parent, "other.pem")[0].issue_cert("localhost")
    assert part in await refused(f"https://localhost:{street.server(certificate)}")


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["absent", "nonsense"])
async def test_an_authority_file_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    file = tmp_path / "company.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(UnreachableError, match="SSL_CERT_FILE or SSL_CERT_DIR cannot be read"):
        await ask("https://localhost:1")


async def test_through_a_proxy_to_a_name_that_only_it_knows(
    street: Street, company: tuple[trustme.CA, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ca, file = company
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    inside = street.server(ca.issue_cert(HOST))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{street.proxy({HOST: inside})}")
    assert await ask(f"https://{HOST}") == {"ok": True}
    assert street.proxied == [f"CONNECT {HOST}:443 HTTP/1.1"]
    # The proxy does not vouch for what is behind it.
    other = street.server(ca.issue_cert("elsewhere.company.test"))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{street.proxy({HOST: other})}")
    assert "Hostname mismatch" in await refused(f"https://{HOST}")


async def test_plain_http_through_a_proxy(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{street.proxy({HOST: street.server(None)})}")
    assert await ask(f"http://{HOST}") == {"ok": True}
    assert street.proxied == [f"GET http://{HOST}/api HTTP/1.1"]


async def test_no_proxy_is_heeded(
    street: Street, company: tuple[trustme.CA, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ca, file = company
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{street.proxy({})}")
    url = f"https://localhost:{street.server(ca.issue_cert('localhost'))}"
    assert "the proxy refused (502 Bad Gateway)" in await refused(url)
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    assert await ask(url) == {"ok": True}
    assert len(street.proxied) == 1


async def test_a_proxy_that_wants_a_login(
    street: Street, company: tuple[trustme.CA, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ca, file = company
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    port = street.proxy({HOST: street.server(ca.issue_cert(HOST))}, login="me:proxy-Secret-0x42")
    for given in ("", "me:wrong-Secret-0x43@"):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{given}127.0.0.1:{port}")
        said = await refused(f"https://{HOST}")
        assert "the proxy refused (407 Proxy Authentication Required)" in said
        assert "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, and the login in them." in said
        assert "0x43" not in said
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:proxy-Secret-0x42@127.0.0.1:{port}")
    assert await ask(f"https://{HOST}") == {"ok": True}


async def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert "the connection to the proxy was refused. Check HTTPS_PROXY" in await refused(f"https://{HOST}")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    assert "the proxy's name is not known here" in await refused(f"https://{HOST}")
    monkeypatch.setenv("NO_PROXY", ".invalid")
    assert "its name is not known here. Check the address" in await refused("https://airflow.invalid")
