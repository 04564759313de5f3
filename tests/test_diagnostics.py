from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from astroferry import diagnostics
from astroferry.diagnostics import (
    REDACTED,
    data,
    data_json,
    forget_secrets,
    redact,
    remember_secret,
    report_bug,
    report_error,
    ring,
    say,
    say_all,
)
from astroferry.errors import Exit, InputNeededError, NotAllowedError

if TYPE_CHECKING:
    from pathlib import Path

SECRET = 'pä"ss\\w\nörd\x07 /&'


def test_a_secret_is_replaced_wherever_it_stands() -> None:
    remember_secret("canary")
    assert redact("canary, a canary and acanaryb") == "[redacted], a [redacted] and a[redacted]b"
    assert redact("none here") == "none here"
    assert redact("") == ""


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps({"k": SECRET}),
        json.dumps([SECRET], ensure_ascii=False),
        repr(SECRET),
        f"postgresql://ada:{quote(SECRET, safe='')}@h/db",
        f"/path/{quote(SECRET)}",
    ],
    ids=["plain", "json", "json with letters", "repr", "url", "path"],
)
def test_a_secret_is_replaced_in_every_form(form: str) -> None:
    remember_secret(SECRET)
    for part in ("pä", "p\\u", "p%C3", "örd", "rd", "&"):
        assert part not in redact(form)
    assert form == SECRET or len(redact(form)) > len(REDACTED)


def test_short_values_would_eat_ordinary_words() -> None:
    remember_secret("the")
    remember_secret("")
    assert redact("the other") == "the other"


def test_no_tail_remains_of_secrets_that_overlap() -> None:
    for secret in ("abcd", "abcdefgh", "ghij", "wxyz", "yz12"):
        remember_secret(secret)
    assert redact("-abcdefghij-wxyz12-") == "-[redacted]-[redacted]-"
    assert redact("abcdghij wxyzwxyz") == "[redacted] [redacted]"


def test_secrets_like_our_own_word_do_no_harm() -> None:
    remember_secret("redacted")
    remember_secret("canary")
    assert redact("canary") == REDACTED


def test_forgetting() -> None:
    remember_secret("canary")
    forget_secrets()
    assert redact("canary") == "canary"


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=12)


@settings(deadline=None, max_examples=50)
@given(st.lists(_TEXTS, min_size=1, max_size=4), st.lists(st.text(max_size=6), min_size=1, max_size=4), st.booleans())
def test_nothing_remembered_is_left(secrets: list[str], words: list[str], ascii_only: bool) -> None:
    forget_secrets()
    assume(not any(set(secret) <= set(REDACTED) for secret in secrets))
    for secret in secrets:
        remember_secret(secret)
    text = "".join(word + secret for word, secret in zip(words * 4, secrets, strict=False))
    for shown in (redact(text), redact(json.dumps(text, ensure_ascii=ascii_only)), redact(repr(text))):
        for part in shown.split(REDACTED):
            assert not any(secret in part or json.dumps(secret)[1:-1] in part for secret in secrets)


def test_data_goes_to_stdout_and_narration_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    remember_secret("canary")
    data("a canary")
    data_json({"k": "canary", "ü": [1]})
    say("say canary")
    say()
    say_all(["one", "two"])
    written = capsys.readouterr()
    assert written.out == 'a [redacted]\n{\n  "k": "[redacted]",\n  "ü": [\n    1\n  ]\n}\n'
    assert written.err == "say [redacted]\n\none\ntwo\n"


def test_nothing_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A DAG's owner, or the body of a server's error, may hold an escape sequence."""
    data("owner\t\x1b[2J\x9b31mada\x07\n\x7f")
    say("500: \x1b]0;mine\x07\r\nend")
    data_json({"owner": "\x1b\x9b"})
    written = capsys.readouterr()
    assert written.out.startswith("owner\t\\u001b[2J\\u009b31mada\\u0007\n\\u007f\n")
    assert json.loads(written.out.split("\n", 2)[2]) == {"owner": "\x1b\x9b"}
    assert written.err == "500: \\u001b]0;mine\\u0007\nend\n"


def test_data_can_go_elsewhere() -> None:
    remember_secret("canary")
    out = io.StringIO()
    data("canary", out=out)
    assert out.getvalue() == "[redacted]\n"


def test_the_bell_rings_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for terminal, rings in ((True, "\a"), (False, "")):
        err = io.StringIO()
        monkeypatch.setattr(err, "isatty", lambda terminal=terminal: terminal)
        monkeypatch.setattr(sys, "stderr", err)
        ring()
        assert err.getvalue() == rings
    monkeypatch.setattr(sys, "stderr", None)
    ring()


@pytest.mark.parametrize("failure", [BrokenPipeError(), ValueError("closed file"), OSError("gone")])
def test_a_vanished_stderr_stops_nothing(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise failure

    monkeypatch.setattr(sys, "stderr", Gone())
    say("x")


def test_an_error_is_said_and_gives_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    remember_secret("canary")
    assert report_error(NotAllowedError("Token canary refused.", hint="Ask Ada.")) is Exit.NOT_ALLOWED
    assert capsys.readouterr().err == "astroferry: Token [redacted] refused. Ask Ada.\n"
    assert report_error(InputNeededError("A name is needed.")) is Exit.PLAN
    assert "may not ask (--no-input, CI, or no terminal)" in capsys.readouterr().err


def bug() -> Exception:
    """An exception as a bug raises it: with a traceback, a secret in its text, and a character that is none."""
    with pytest.raises(KeyError) as caught:
        dict[str, str]()["canary \ud800"]
    return caught.value


def test_a_bug_is_saved_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    remember_secret("canary")
    monkeypatch.setenv("ASTROFERRY_REPORTS", str(tmp_path))
    assert report_bug(bug()) is Exit.BUG
    (path,) = tmp_path.iterdir()
    said = capsys.readouterr().err
    assert said == f"astroferry: this is a bug in astroferry (KeyError). Report: {path}\n"
    text = path.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "[redacted] \\ud800" in text
    # The line of source that raised it is part of a traceback; a literal there is redacted too.
    assert "canary" not in text


def test_a_bug_that_cannot_be_saved_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    remember_secret("canary")
    monkeypatch.setenv("ASTROFERRY_REPORTS", str(tmp_path / "nowhere"))
    assert report_bug(ValueError("canary")) is Exit.BUG
    said = capsys.readouterr().err
    assert "ValueError: [redacted]" in said
    assert "could not be saved" in said


def test_reports_go_to_the_temporary_folder_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ASTROFERRY_REPORTS", raising=False)
    monkeypatch.setattr(diagnostics.tempfile, "gettempdir", lambda: str(tmp_path))  # type: ignore[attr-defined] # likewise
    report_bug(ValueError("x"))
    assert len(list(tmp_path.iterdir())) == 1
    assert str(tmp_path) in capsys.readouterr().err
