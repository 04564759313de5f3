from __future__ import annotations

import copy
import dataclasses
import json
import pickle

import pytest

from astroferry.diagnostics import redact
from astroferry.model.secret import MASK, Secret, is_masked
from astroferry.model.values import ConnectionValue, VariableValue

VALUE = "s3cr3t-canary"


@pytest.mark.parametrize(
    ("value", "masked"), [(None, False), ("", False), ("**", False), (MASK, True), ("acme-***", True)]
)
def test_a_mask_is_seen_anywhere(value: str | None, masked: bool) -> None:
    assert is_masked(value) is masked
    if value is not None:
        assert Secret(value).is_masked() is masked


def test_a_secret_shows_nothing() -> None:
    secret = Secret(VALUE)
    shown = [repr(secret), str(secret), f"{secret}", f"{VariableValue('k', secret)}", repr([secret])]
    assert all("canary" not in text and "Secret(…)" in text for text in shown)
    assert secret.reveal() == VALUE


def test_a_secret_is_known_to_redaction() -> None:
    Secret(VALUE)
    assert redact(f"x {VALUE} y") == "x [redacted] y"


def test_a_secret_is_written_nowhere() -> None:
    value = ConnectionValue("c", "http", password=Secret(VALUE))
    with pytest.raises(TypeError, match="not written anywhere"):
        pickle.dumps(value)
    with pytest.raises(TypeError, match="not written anywhere"):
        copy.deepcopy(value)
    with pytest.raises(TypeError, match="not written anywhere"):
        dataclasses.asdict(value)
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps({"v": Secret(VALUE)})
    assert "canary" not in json.dumps({"v": Secret(VALUE)}, default=str)


def test_secrets_compare_by_value() -> None:
    assert Secret("abcd") == Secret("abcd")
    assert Secret("abcd") != Secret("abce")
    assert Secret("abcd") != "abcd"
    assert len({Secret("abcd"), Secret("abcd")}) == 1


def test_a_connection_names_its_masked_fields() -> None:
    value = ConnectionValue("c", "http", host=Secret("h"), password=Secret("***"), extra=Secret('{"k": "***"}'))
    assert value.masked_fields() == ("password", "extra")
