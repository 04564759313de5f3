"""Check one request or one answer against the extract of the Astro API.

The check is stricter than Astro is known to be: a field or parameter that the contract does not name is refused in
requests and in answers alike, so that neither our clients nor the embedded Astro lean on something that is not there.
Messages never repeat the value they are about, because it may be a secret.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator, FormatChecker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jsonschema.exceptions import ValidationError

EXTRACT = Path(__file__).with_name("astro-v1.json")
BETA_EXTRACT = Path(__file__).with_name("astro-v1beta1.json")
"""what is not in v1 (alerts); its paths begin with /platform/v1beta1, those of v1 with nothing"""

Pairs = list[tuple[str, str]]
"""a query string, in order, keys repeated"""

_UNDECLARED_ERRORS = frozenset({400, 401, 403, 404, 405, 429, 500, 502, 503})
"""errors that any operation may answer with, in the common body, even where the contract does not list them"""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of a request that breaks the contract, as Astro's `fieldErrors` tells it."""

    field: str
    code: str
    message: str

    def as_json(self) -> dict[str, str]:
        """As it stands in an error body."""
        return {"field": self.field, "code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: `query` maps a parameter to {required, schema}, `answers` a status to a schema or None."""

    id: str
    method: str
    path: str
    query: Mapping[str, dict[str, Any]]
    body: dict[str, Any] | None
    answers: Mapping[str, dict[str, Any] | None]

    def match(self, path: str) -> dict[str, str] | None:
        """The path's parameters where it is this operation's, else None."""
        pattern, given = self.path.split("/"), path.split("/")
        if len(pattern) != len(given):
            return None
        found: dict[str, str] = {}
        for expected, actual in zip(pattern, given, strict=True):
            if expected.startswith("{") and actual:
                found[expected[1:-1]] = actual
            elif expected != actual:
                return None
        return found


@cache
def _extract() -> dict[str, Any]:
    """Both extracts as one; an error has the body of v1, which is the stricter one."""
    v1, beta = (json.loads(path.read_text(encoding="utf-8")) for path in (EXTRACT, BETA_EXTRACT))
    return {part: {**beta[part], **v1[part]} for part in ("operations", "schemas")}


@cache
def operations() -> dict[str, Operation]:
    """Every operation by its id."""
    return {name: Operation(id=name, **facts) for name, facts in _extract()["operations"].items()}


def schemas() -> dict[str, Any]:
    """Every schema by its name, in the extract's own notation (`$ref` is a bare name)."""
    found: dict[str, Any] = _extract()["schemas"]
    return found


def find_operation(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation of a method and a path (of v1: below /v1), with the path's parameters."""
    for operation in operations().values():
        if operation.method == method and (parameters := operation.match(path)) is not None:
            return operation, parameters
    return None


def methods_of(path: str) -> set[str]:
    """The methods that a path has."""
    return {operation.method for operation in operations().values() if operation.match(path) is not None}


_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def _json_schema(facts: dict[str, Any]) -> dict[str, Any]:
    """The extract's notation as JSON Schema: references resolved by name, null where nullable, nothing unnamed."""
    if "$ref" in facts:
        return {"$ref": f"#/$defs/{facts['$ref']}"}
    made = {key: value for key, value in facts.items() if key not in {"nullable", "default", "variants"}}
    if "properties" in facts:
        made["properties"] = {name: _json_schema(value) for name, value in facts["properties"].items()}
        made.setdefault("additionalProperties", False)
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), dict):
            made[key] = _json_schema(made[key])
    return {"anyOf": [made, {"type": "null"}]} if facts.get("nullable") else made


@cache
def _definitions() -> dict[str, Any]:
    return {name: _json_schema(facts) for name, facts in schemas().items()}


@cache
def _validator(written: str) -> Draft202012Validator:
    schema = {**_json_schema(json.loads(written)), "$defs": _definitions()}
    return Draft202012Validator(schema, format_checker=_FORMATS)


def _errors(facts: dict[str, Any], value: Any, place: str = "") -> list[FieldError]:
    found = _validator(json.dumps(facts, sort_keys=True)).iter_errors(value)
    # jsonschema yields them in no certain order.
    return sorted((told for error in found for told in _tell(error, place)), key=lambda told: (told.field, told.code))


def _tell(error: ValidationError, place: str) -> list[FieldError]:
    """A JSON Schema error in our words, without the value."""
    where = ".".join([*([place] if place else []), *(str(part) for part in error.absolute_path)])
    keyword, limit = str(error.validator), cast("Any", error.validator_value)
    if keyword == "anyOf":
        return [
            told for inner in error.context or () if inner.validator != "type" for told in _tell(inner, where)
        ] or [FieldError(where, "type", "has the wrong type")]
    if keyword == "required" and isinstance(error.instance, dict):
        names = [name for name in limit if name not in error.instance]
        # jsonschema gives one error for each missing name; the one it is about is quoted first in its message.
        name = next((name for name in names if error.message.startswith(repr(name))), names[0])
        return [FieldError(f"{where}.{name}" if where else name, "required", "is required")]
    if keyword == "additionalProperties" and isinstance(error.instance, dict):
        unknown = sorted(set(error.instance) - _named(error.schema))
        return [
            FieldError(f"{where}.{name}" if where else name, "unknown", "is not a field here") for name in unknown
        ]
    words = {
        "enum": f"must be one of {', '.join(map(str, limit))}" if isinstance(limit, list) else "",
        "type": f"must be of type {limit}",
        "format": f"must be a {limit}",
        "minimum": f"must be at least {limit}",
        "maximum": f"must be at most {limit}",
        "minLength": f"must have at least {limit} characters",
        "maxLength": f"must have at most {limit} characters",
        "minItems": f"must have at least {limit} entries",
        "maxItems": f"must have at most {limit} entries",
        "uniqueItems": "must not repeat an entry",
    }
    return [FieldError(where, keyword, words.get(keyword, f"breaks the rule {keyword}"))]


def _named(schema: object) -> set[str]:
    """The properties that an object schema names."""
    return set(schema.get("properties", {})) if isinstance(schema, dict) else set()


def _read(schema: dict[str, Any], texts: list[str]) -> Any:
    """Query texts as what the schema says they are; the text itself where it cannot be read so."""
    if schema.get("type") == "array":
        return [_read(schema["items"], [text]) for text in texts]
    text = texts[-1]
    if schema.get("type") == "integer":
        return int(text) if text.removeprefix("-").isdecimal() else text
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def read_query(operation: Operation, pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, Any], list[FieldError]]:
    """A query string as typed values, defaults filled in, and what is wrong with it."""
    given: dict[str, list[str]] = {}
    for key, text in pairs:
        given.setdefault(key, []).append(text)
    errors = [FieldError(key, "unknown", "is not a parameter here") for key in given if key not in operation.query]
    values: dict[str, Any] = {}
    for key, parameter in operation.query.items():
        schema = parameter["schema"]
        if key in given:
            values[key] = _read(schema, given[key])
            errors += _errors(schema, values[key], key)
        elif parameter["required"]:
            errors.append(FieldError(key, "required", "is required"))
        elif "default" in schema:
            values[key] = schema["default"]
    return values, errors


def _variant(facts: dict[str, Any], body: Any) -> tuple[dict[str, Any], list[FieldError]]:
    """The one schema that a body of several kinds means by its discriminator."""
    variants = schemas()[facts["$ref"]].get("variants") if "$ref" in facts else None
    if variants is None:
        return facts, []
    if not isinstance(body, dict):
        return facts, [FieldError("", "type", "must be of type object")]
    by, of = variants["by"], variants["of"]
    if by not in body:
        return facts, [FieldError(by, "required", "is required")]
    if not isinstance(body[by], str) or body[by] not in of:
        return facts, [FieldError(by, "enum", f"must be one of {', '.join(sorted(of))}")]
    return {"$ref": of[body[by]]}, []


def validate_request(method: str, path: str, query: Pairs, body: Any) -> list[FieldError]:
    """What is wrong with a request; `path` below /v1, `body` as read from JSON, None where there was none.

    Raises LookupError where the contract has no such operation.
    """
    found = find_operation(method, path)
    if found is None:
        raise LookupError(f"the contract has no {method} {path}")
    operation, _ = found
    _, errors = read_query(operation, query)
    if operation.body is None:
        return errors if body is None else [*errors, FieldError("", "unknown", "no body is expected here")]
    if body is None:
        return [*errors, FieldError("", "required", "a body is required here")]
    facts, wrong = _variant(operation.body, body)
    return errors + (wrong or _errors(facts, body))


def validate_answer(method: str, path: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer, a line each; `body` is None where there was none."""
    found = find_operation(method, path)
    if found is None:
        # A path that the contract does not have can only be refused.
        facts: dict[str, Any] | None = {"$ref": "Error"}
        if status < 400:
            return [f"{method} {path} is not in the contract, but was answered with {status}"]
    else:
        answers = found[0].answers
        if str(status) in answers:
            facts = answers[str(status)]
        elif status in _UNDECLARED_ERRORS:
            facts = {"$ref": "Error"}
        else:
            return [f"status {status} is not in the contract"]
    if facts is None:
        return [] if body is None else ["no body is expected here"]
    return [f"{error.field or 'body'} {error.message}" for error in _errors(facts, body)]
