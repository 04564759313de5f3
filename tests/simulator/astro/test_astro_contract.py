"""Our extract of the Astro API: consistent in itself, true to the full OpenAPI where that is at hand, and applied."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from astroferry.simulator.astro.gate import HANDLERS
from astroferry.simulator.contract import (
    find_operation,
    methods_of,
    operations,
    read_query,
    schemas,
    validate_answer,
    validate_request,
)
from astroferry.simulator.contract.check import BETA_EXTRACT, EXTRACT, _errors
from astroferry.simulator.contract.derive import BETA_OPERATIONS, BETA_ROOT, OPERATIONS, extract, main, written

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("ASTROFERRY_SHARED", ROOT.parent / "shared"))
OPENAPI = SHARED / "contracts" / "astro" / "openapi-v1.json"
BETA_OPENAPI = OPENAPI.with_name("openapi-v1beta1-alerts.json")
BOTH = ((OPENAPI, EXTRACT, OPERATIONS, ""), (BETA_OPENAPI, BETA_EXTRACT, BETA_OPERATIONS, BETA_ROOT))

LIMITS = (
    "type",
    "enum",
    "format",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
)

ORG = "/organizations/corg"
SMALL_OPENAPI: dict[str, Any] = {
    "paths": {
        "/things/{id}": {
            "post": {
                "operationId": "makeThing",
                "description": "prose",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "default": 20}},
                ],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                },
                "responses": {"204": {"description": "gone"}},
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "oneOf": [{"$ref": "#/components/schemas/Red"}],
                "discriminator": {"propertyName": "kind", "mapping": {"RED": "#/components/schemas/Red"}},
            },
            "Red": {
                "type": "object",
                "description": "prose",
                "required": ["kind"],
                "properties": {
                    "kind": {"type": "string", "enum": ["RED"], "example": "RED"},
                    "more": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Leaf"}},
                    "free": {"type": "object", "additionalProperties": True},
                },
            },
            "Leaf": {"type": "string", "maxLength": 3},
            "Unreached": {"type": "string"},
        }
    },
}


def _differences(mine: dict[str, Any], full: dict[str, Any], defined: dict[str, Any], where: str) -> list[str]:
    """Where the extract's notation says something else than an OpenAPI schema; both without following references."""
    if "$ref" in full or "$ref" in mine:
        return [] if full.get("$ref", "").rsplit("/", 1)[-1] == mine.get("$ref") else [f"{where}: another reference"]
    found = [f"{where}: {key}" for key in LIMITS if mine.get(key) != full.get(key)]
    found += [] if sorted(mine.get("required", [])) == sorted(full.get("required", [])) else [f"{where}: required"]
    found += [] if bool(mine.get("nullable")) == bool(full.get("nullable")) else [f"{where}: nullable"]
    ours, theirs = mine.get("properties", {}), full.get("properties", {})
    found += [] if ours.keys() == theirs.keys() else [f"{where}: properties"]
    for name in ours.keys() & theirs.keys():
        found += _differences(ours[name], theirs[name], defined, f"{where}.{name}")
    if "items" in mine or "items" in full:
        found += _differences(mine.get("items", {}), full.get("items", {}), defined, f"{where}[]")
    if "discriminator" in full:
        of = {value: ref.rsplit("/", 1)[-1] for value, ref in full["discriminator"]["mapping"].items()}
        expected = {"by": full["discriminator"]["propertyName"], "of": of}
        found += [] if mine.get("variants") == expected else [f"{where}: variants"]
    return found


def _body_of(part: dict[str, Any]) -> str:
    return json.dumps(part.get("content", {}).get("application/json", {}).get("schema")).replace(
        "#/components/schemas/", ""
    )


def _against_the_full_api(
    full: dict[str, Any], facts: dict[str, Any], names: tuple[str, ...], root: str
) -> list[str]:
    """Every path, method, parameter, status and schema of ours that the full document does not bear out."""
    found: list[str] = []
    defined = full["components"]["schemas"]
    for operation in [operations()[name] for name in names]:
        described = full["paths"].get(operation.path.removeprefix(root), {}).get(operation.method.lower())
        if described is None or described["operationId"] != operation.id:
            found.append(f"{operation.id}: {operation.method} {operation.path}")
            continue
        query = {item["name"]: item for item in described["parameters"] if item["in"] == "query"}
        found += [] if query.keys() == operation.query.keys() else [f"{operation.id}: parameters"]
        for name, parameter in operation.query.items():
            found += _differences(parameter["schema"], query[name]["schema"], defined, f"{operation.id}?{name}")
            found += [] if parameter["required"] == query[name]["required"] else [f"{operation.id}?{name}: required"]
        found += [] if operation.answers.keys() == described["responses"].keys() else [f"{operation.id}: statuses"]
        for status, answer in operation.answers.items():
            same = json.dumps(answer) == _body_of(described["responses"][status])
            found += [] if same else [f"{operation.id} {status}"]
        same = json.dumps(operation.body) == _body_of(described.get("requestBody", {}))
        found += [] if same else [f"{operation.id}: body"]
    for name, mine in facts["schemas"].items():
        found += _differences(mine, defined[name], defined, name)
    return found


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object within a value."""
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _objects(item)


def _wrong_with(part: dict[str, Any]) -> list[str]:
    """What cannot be so in one JSON object of the extract."""
    named = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    named += part["variants"]["of"].values() if isinstance(part.get("variants"), dict) else []
    found = [f"{name} is not there" for name in named if name not in schemas()]
    if isinstance(part.get("properties"), dict) and "type" in part:
        found += [f"{name} is no property" for name in part.get("required", []) if name not in part["properties"]]
    return found + [f"prose: {key}" for key in ("description", "example") if isinstance(part.get(key), str)]


def _inconsistent(path: Path) -> list[str]:
    """What cannot be so within the extract alone."""
    text = path.read_text(encoding="utf-8")
    facts = json.loads(text)
    found = [] if written(facts) == text else ["the file is not as derive writes it"]
    differing = {name for name, mine in facts["schemas"].items() if schemas()[name] != mine}
    found += [f"{name} is not the same in both" for name in differing - {"Error"}]
    for operation in [operations()[name] for name in facts["operations"]]:
        success = [status for status in operation.answers if status.startswith("2")]
        if len(success) != 1 or not {"401", "500"} <= operation.answers.keys():
            found.append(f"{operation.id}: statuses")
    return found + [wrong for part in _objects(facts) for wrong in _wrong_with(part)]


@pytest.mark.parametrize(("openapi", "path", "names", "root"), BOTH, ids=["v1", "v1beta1"])
def test_the_extract_is_consistent_and_true_to_the_full_api(
    openapi: Path, path: Path, names: tuple[str, ...], root: str
) -> None:
    assert _inconsistent(path) == []
    facts = json.loads(path.read_text(encoding="utf-8"))
    if openapi.exists():
        full = json.loads(openapi.read_text(encoding="utf-8"))
        assert _against_the_full_api(full, facts, names, root) == []
        assert written(extract(full, beta=bool(root))) == path.read_text(encoding="utf-8")
    else:
        assert set(facts["operations"]) == set(names)


def test_every_operation_has_a_handler_and_no_other() -> None:
    assert set(HANDLERS) == {*OPERATIONS, *BETA_OPERATIONS} == set(operations())


def test_derive_keeps_facts_and_drops_prose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("astroferry.simulator.contract.derive.OPERATIONS", ("makeThing",))
    monkeypatch.setattr("astroferry.simulator.contract.derive.EXTRACT", tmp_path / "out.json")
    (tmp_path / "in.json").write_text(json.dumps(SMALL_OPENAPI), encoding="utf-8")
    main([str(tmp_path / "in.json")])
    facts = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert facts["operations"]["makeThing"] == {
        "method": "POST",
        "path": "/things/{id}",
        "query": {"limit": {"required": False, "schema": {"type": "integer", "default": 20}}},
        "body": {"$ref": "Thing"},
        "answers": {"204": None},
    }
    assert list(facts["schemas"]) == ["Leaf", "Red", "Thing"]
    assert facts["schemas"]["Thing"] == {"variants": {"by": "kind", "of": {"RED": "Red"}}}
    assert "prose" not in json.dumps(facts)


def test_a_path_is_matched_part_by_part() -> None:
    operation, parameters = find_operation("POST", f"{ORG}/deployments/cdep") or (None, {})
    assert operation is not None
    assert operation.id == "updateDeployment"
    assert parameters == {"organizationId": "corg", "deploymentId": "cdep"}
    assert find_operation("GET", "/organizations//deployments") is None
    assert find_operation("GET", "/nowhere") is None
    assert methods_of(f"{ORG}/deployments/cdep") == {"GET", "POST", "DELETE"}


def _wrong(method: str, path: str, body: Any = None, query: tuple[tuple[str, str], ...] = ()) -> dict[str, str]:
    return {error.field: error.code for error in validate_request(method, path, list(query), body)}


def test_a_request_is_checked_field_by_field() -> None:
    path = f"{ORG}/workspaces"
    assert _wrong("POST", path, {"name": "Data"}) == {}
    assert _wrong("POST", path, {"name": "x" * 51}) == {"name": "maxLength"}
    assert _wrong("POST", path, {"description": "", "nmae": "Data"}) == {"name": "required", "nmae": "unknown"}
    assert _wrong("POST", path, {"name": 5}) == {"name": "type"}
    assert _wrong("POST", path, {"name": "x", "defaultCloudProvider": "AWZ"}) == {"defaultCloudProvider": "enum"}
    assert _wrong("POST", path) == {"": "required"}
    assert _wrong("GET", path, {"name": "x"}) == {"": "unknown"}
    assert _wrong("POST", path, []) == {"": "type"}


def test_every_missing_field_is_named() -> None:
    path = f"{ORG}/environment-objects"
    assert set(_wrong("POST", path, {})) == {"objectKey", "objectType", "scope", "scopeEntityId"}
    queues = _wrong(
        "POST", f"{ORG}/deployments", {"type": "STANDARD", "name": "x", "workspaceId": "w", "workerQueues": [{}]}
    )
    assert "workerQueues.0.name" in queues


def test_a_body_of_several_kinds_is_checked_as_the_kind_it_names() -> None:
    path = f"{ORG}/clusters"
    ranges = {"vpcSubnetRange": "172.20.0.0/19"}
    body = {"cloudProvider": "GCP", "name": "c", "region": "us-central1", "type": "DEDICATED", **ranges}
    assert set(_wrong("POST", path, body)) == {"podSubnetRange", "servicePeeringRange", "serviceSubnetRange"}
    assert _wrong("POST", path, body | {"cloudProvider": "IBM"}) == {"cloudProvider": "enum"}
    assert _wrong("POST", path, {"name": "c"}) == {"cloudProvider": "required"}
    assert _wrong("POST", path, "c") == {"": "type"}


def test_a_query_is_read_as_its_types_and_checked() -> None:
    path = f"{ORG}/deployments"
    operation, _ = find_operation("GET", path) or (None, None)
    assert operation is not None
    pairs = [("limit", "5"), ("names", "a"), ("names", "b"), ("sorts", "name:desc")]
    values, errors = read_query(operation, pairs)
    assert errors == []
    assert values == {"limit": 5, "offset": 0, "names": ["a", "b"], "sorts": ["name:desc"]}
    assert _wrong("GET", path, query=(("limit", "x"), ("offset", "-1"), ("color", "red"))) == {
        "limit": "type",
        "offset": "minimum",
        "color": "unknown",
    }
    assert _wrong("GET", f"{ORG}/workspaces", query=(("limit", "1001"),)) == {"limit": "maximum"}
    assert _wrong("GET", f"{ORG}/cluster-options") == {"type": "required"}
    assert _wrong("GET", f"{ORG}/environment-objects", query=(("showSecrets", "yes"),)) == {"showSecrets": "type"}
    assert _wrong("GET", f"{ORG}/environment-objects", query=(("showSecrets", "true"),)) == {}


def test_messages_never_repeat_the_value() -> None:
    body = {
        "objectKey": "k",
        "objectType": "CONNECTION",
        "scope": "WORKSPACE",
        "scopeEntityId": "w",
        "connection": {"type": "postgres", "password": ["hunter2-canary"], "port": "hunter2-canary"},
    }
    errors = validate_request("POST", f"{ORG}/environment-objects", [], body)
    assert {error.field for error in errors} == {"connection.password", "connection.port"}
    assert "hunter2" not in "".join(error.message for error in errors)


def test_an_unknown_operation_cannot_be_checked() -> None:
    with pytest.raises(LookupError):
        validate_request("GET", "/nowhere", [], None)


ERROR = {"message": "no", "requestId": "r", "statusCode": 404}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"id": "c", "name": "n"}, ["cicdEnforcedDefault is required"]),
        (404, ERROR, []),
        (404, {"message": "no"}, ["requestId is required", "statusCode is required"]),
        (429, ERROR, []),
        (418, ERROR, ["status 418 is not in the contract"]),
        (204, None, ["status 204 is not in the contract"]),
    ],
)
def test_an_answer_is_checked(status: int, body: Any, expected: list[str]) -> None:
    found = validate_answer("GET", f"{ORG}/workspaces/w", status, body)
    assert set(expected) <= set(found)
    assert bool(found) == bool(expected)


def test_an_answer_without_a_body_has_none() -> None:
    path = f"{ORG}/workspaces/w"
    assert validate_answer("DELETE", path, 204, None) == []
    assert validate_answer("DELETE", path, 204, {}) == ["no body is expected here"]


def test_an_unknown_path_is_only_refused() -> None:
    assert validate_answer("GET", "/nowhere", 404, ERROR) == []
    assert validate_answer("GET", "/nowhere", 200, {}) == [
        "GET /nowhere is not in the contract, but was answered with 200"
    ]


def test_times_carry_their_zone() -> None:
    path = f"{ORG}/workspaces/w"
    body = {"id": "c", "name": "n", "organizationId": "o", "cicdEnforcedDefault": False}
    good, bad = "2026-11-20T09:00:00.000Z", "2026-11-20 at nine"
    assert validate_answer("GET", path, 200, body | {"createdAt": good, "updatedAt": good}) == []
    told = validate_answer("GET", path, 200, body | {"createdAt": bad, "updatedAt": "2026-11-20T09:00:00"})
    assert told == ["createdAt must be a date-time", "updatedAt must be a date-time"]
    assert validate_answer("GET", path, 200, body | {"createdAt": 5, "updatedAt": good})[0].startswith(
        "createdAt must be of"
    )


def test_limits_are_told_in_words() -> None:
    links = [{"scope": "DEPLOYMENT", "scopeEntityId": "d", "overrides": {"unsetFields": ["x"] * 101}}]
    errors = validate_request("POST", f"{ORG}/environment-objects/e", [], {"links": links})
    assert [(error.field, error.message) for error in errors] == [
        ("links.0.overrides.unsetFields", "must have at most 100 entries")
    ]


def test_null_is_taken_only_where_the_contract_says_so() -> None:
    facts = {
        "type": "object",
        "properties": {"on": {"type": "boolean", "nullable": True}, "off": {"type": "boolean"}},
    }
    assert _errors(facts, {"on": None, "off": True}) == []
    assert [(error.field, error.code) for error in _errors(facts, {"on": "yes", "off": None})] == [
        ("off", "type"),
        ("on", "type"),
    ]
    limited = {"type": "integer", "nullable": True, "minimum": 3}
    assert [error.message for error in _errors(limited, 2, "it")] == ["must be at least 3"]
