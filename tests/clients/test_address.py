import pytest

from astroferry.clients.address import bare, base_address, is_loopback, segment
from astroferry.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("airflow.acme.corp", "https://airflow.acme.corp"),
        ("airflow.acme.corp/home", "https://airflow.acme.corp"),
        (" https://airflow.acme.corp/team/ ", "https://airflow.acme.corp/team"),
        ("https://airflow.acme.corp/team/dags/a/grid?x=1#y", "https://airflow.acme.corp/team"),
        ("http://h:8080/api/v1", "http://h:8080"),
        ("http://h/login/?next=/home", "http://h"),
        ("localhost:8080", "http://localhost:8080"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("[::1]:8080/home", "http://[::1]:8080"),
        ("https://api.astronomer.io/v1", "https://api.astronomer.io/v1"),
    ],
)
def test_what_people_type_becomes_a_base(typed: str, base: str) -> None:
    assert base_address(typed) == base


@pytest.mark.parametrize("typed", ["ftp://h", "https://", "https://h:port/", "https://[::1", "file:///etc/passwd"])
def test_no_address(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        base_address(typed)
    assert "https://airflow.example.com" in str(caught.value)


@pytest.mark.parametrize(
    "typed", ["https://me:hunter22@h/x", "me:hunter22@h", "https://hunter22@h", "https://me:hunter22"]
)
def test_a_password_in_the_address_is_refused_and_not_repeated(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        base_address(typed)
    assert "hunter22" not in str(caught.value)
    assert caught.value.__context__ is None


def test_loopback() -> None:
    assert all(is_loopback(host) for host in ("localhost", "a.localhost", "127.8.0.1", "::1"))
    assert not any(is_loopback(host) for host in ("localhost.acme.corp", "10.0.0.1", "acme"))


def test_ids_and_signatures() -> None:
    assert segment("team/a b.é") == "team%2Fa%20b.%C3%A9"
    assert bare("https://h/p?sig=1#x") == "https://h/p"
