from typing import Any

import pytest

from astroferry.clients.answers import Answer, json_of, not_the_api, refusal
from astroferry.diagnostics import remember_secret
from astroferry.errors import (
    AstroferryError,
    ConflictError,
    NotAllowedError,
    NotFoundError,
    NotTheApiError,
    RequestFailedError,
)


def answer(status: int, text: str = "", **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("GET", "https://h/api", status, names, text)


def refused(status: int, text: str = "", *, seen_before: bool = True, **more: Any) -> AstroferryError:
    return refusal(
        answer(status, text, content_type="application/json"), "The source", seen_before=seen_before, **more
    )


def test_json_and_nothing() -> None:
    assert json_of(answer(200, '{"a": 1}'), "H") == {"a": 1}
    assert json_of(answer(200, " null "), "H") is None
    assert json_of(answer(204), "H") is None


@pytest.mark.parametrize("text", ["<html>Sign in</html>", "OK then"])
def test_anything_else_is_not_the_api(text: str) -> None:
    with pytest.raises(NotTheApiError, match="where JSON was expected"):
        json_of(answer(200, text), "H")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFoundError), (409, ConflictError), (400, RequestFailedError), (503, RequestFailedError)],
)
def test_each_status_has_its_error(status: int, kind: type[RequestFailedError]) -> None:
    error = refused(status, '{"detail": "because"}')
    assert type(error) is kind
    assert error.status == status
    assert error.detail == "because"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ('{"detail": null, "title": "Bad Request"}', "Bad Request"),
        (
            '{"detail": {"reason": "Unique constraint violation", "statement": "hidden"}}',
            "Unique constraint violation",
        ),
        ('{"error": "gone"}', "gone"),
        ("[1]", ""),
        ("<html>", ""),
        ("{broken", ""),
    ],
)
def test_the_servers_own_sentence(text: str, detail: str) -> None:
    error = refused(400, text)
    assert isinstance(error, RequestFailedError)
    assert error.detail == detail


def test_what_was_sent_is_never_repeated() -> None:
    text = '{"detail": [{"loc": ["body", "extra"], "msg": "not JSON", "input": "canary-value"}, "odd"]}'
    error = refused(422, text)
    assert isinstance(error, RequestFailedError)
    assert error.fields == {"extra": "not JSON"}
    assert "canary-value" not in str(error)
    assert "extra: not JSON" in str(error)


def test_remembered_secrets_are_redacted_and_long_words_cut() -> None:
    remember_secret("canary-value")
    error = refused(400, '{"detail": "bad canary-value ' + "x" * 500 + '"}')
    assert "canary-value" not in str(error)
    assert "…" in str(error)


def test_astro_tells_fields_and_request_id() -> None:
    text = '{"message": "Invalid", "requestId": "r1", "fieldErrors": [{"field": "name", "message": "too long"}, 1]}'
    error = refused(400, text)
    assert isinstance(error, RequestFailedError)
    assert (error.detail, error.request_id, error.fields) == ("Invalid", "r1", {"name": "too long"})


def test_a_quiet_refusal_says_only_the_status() -> None:
    error = refused(500, '{"error": "Unknown Error", "kwargs": {"password": "canary-value"}}', echo=False)
    assert "canary-value" not in str(error)
    assert "500" in str(error)


def test_refused_credentials_by_history() -> None:
    assert "half-way" in str(refused(401))
    assert "half-way" in str(refused(403, '{"detail": "Invalid JWT token"}'))
    assert "refused the credentials" in str(refused(401, seen_before=False))
    assert "or lack the role. It says: Forbidden." in str(refused(403, '{"detail": "Forbidden"}', seen_before=False))
    assert "Ask for a role" in str(refused(403, '{"detail": "Forbidden"}'))
    assert all(isinstance(refused(status), NotAllowedError) for status in (401, 403))


@pytest.mark.parametrize(
    ("location", "hint"),
    [
        ("https://h/api", "Check the address"),
        ("https://idp.acme/login?state=canary-value", "login in a browser"),
        ("", "Check the address"),
    ],
)
def test_a_redirect_is_not_followed_but_named(location: str, hint: str) -> None:
    found = answer(302, location=location)
    for error in (refusal(found, "H", seen_before=False), not_the_api(found, "H")):
        assert isinstance(error, NotTheApiError)
        assert hint in error.hint
        assert "canary-value" not in str(error)


def test_a_redirect_to_https_says_so() -> None:
    found = Answer("GET", "http://h/api", 301, {"location": "https://h/api"}, "")
    assert not_the_api(found, "H").hint == "Use the https address."


def test_too_often() -> None:
    assert "too often" in refused(429).hint
