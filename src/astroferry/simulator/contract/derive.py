"""Derive our extract of the Astro API (`astro-v1.json`) from a full OpenAPI document: facts only, no prose.

Run as `python -m astroferry.simulator.contract.derive OPENAPI.json`; it writes beside itself. With a second word,
"beta", the document is that of the alerts in v1beta1, and the extract is `astro-v1beta1.json`. Kept are the
operations in `OPERATIONS` with their query parameters, statuses and every schema they reach; dropped are
descriptions, examples, tags and whatever else is prose.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from astroferry.simulator.contract.check import BETA_EXTRACT, EXTRACT

OPERATIONS = (
    "listOrganizations",
    "getOrganization",
    "getSelfUser",
    "listUsers",
    "listTeams",
    "listTeamMembers",
    "listRoles",
    "listRoleTemplates",
    "listApiTokens",
    "listWorkspaces",
    "createWorkspace",
    "getWorkspace",
    "updateWorkspace",
    "deleteWorkspace",
    "getClusterOptions",
    "listClusters",
    "createCluster",
    "getCluster",
    "updateCluster",
    "deleteCluster",
    "getDeploymentOptions",
    "listDeployments",
    "createDeployment",
    "getDeployment",
    "updateDeployment",
    "deleteDeployment",
    "listDeploys",
    "createDeploy",
    "getDeploy",
    "updateDeploy",
    "finalizeDeploy",
    "deployRollback",
    "listEnvironmentObjects",
    "createEnvironmentObject",
    "getEnvironmentObject",
    "updateEnvironmentObject",
    "deleteEnvironmentObject",
)

BETA_OPERATIONS = ("listAlerts",)
BETA_ROOT = "/platform/v1beta1"

_KEPT = (
    "$ref",
    "type",
    "nullable",
    "enum",
    "format",
    "required",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "default",
)


def _facts(schema: dict[str, Any]) -> dict[str, Any]:
    """One schema without its prose; `$ref` becomes a bare schema name, a discriminator keeps its mapping."""
    kept: dict[str, Any] = {key: schema[key] for key in _KEPT if key in schema}
    if "$ref" in kept:
        return {"$ref": _name(kept["$ref"])}
    if "properties" in schema:
        kept["properties"] = {name: _facts(value) for name, value in schema["properties"].items()}
    if "items" in schema:
        kept["items"] = _facts(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        kept["additionalProperties"] = _facts(schema["additionalProperties"])
    elif "additionalProperties" in schema:
        kept["additionalProperties"] = schema["additionalProperties"]
    if "discriminator" in schema:
        chosen = schema["discriminator"]
        kept["variants"] = {
            "by": chosen["propertyName"],
            "of": {value: _name(ref) for value, ref in chosen["mapping"].items()},
        }
    return kept


def _name(ref: str) -> str:
    return ref.rsplit("/", 1)[-1]


def _reached(value: Any) -> set[str]:
    """The names of the schemas that an extracted value refers to directly."""
    if isinstance(value, list):
        return {name for item in value for name in _reached(item)}
    if not isinstance(value, dict):
        return set()
    names = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    names |= set(value.get("variants", {}).get("of", {}).values())
    return names | {name for item in value.values() for name in _reached(item)}


def _content(part: dict[str, Any]) -> dict[str, Any] | None:
    schema = part.get("content", {}).get("application/json", {}).get("schema")
    return None if schema is None else _facts(schema)


def _operation(method: str, path: str, described: dict[str, Any]) -> dict[str, Any]:
    query = {
        parameter["name"]: {"required": parameter["required"], "schema": _facts(parameter["schema"])}
        for parameter in described.get("parameters", [])
        if parameter["in"] == "query"
    }
    return {
        "method": method.upper(),
        "path": path,
        "query": query,
        "body": _content(described["requestBody"]) if "requestBody" in described else None,
        "answers": {status: _content(answer) for status, answer in described["responses"].items()},
    }


def extract(openapi: dict[str, Any], *, beta: bool = False) -> dict[str, Any]:
    """The extract: `operations` by operation id, and `schemas` by name; KeyError where an operation is gone."""
    root, names = (BETA_ROOT, BETA_OPERATIONS) if beta else ("", OPERATIONS)
    found = {
        described["operationId"]: _operation(method, root + path, described)
        for path, methods in openapi["paths"].items()
        for method, described in methods.items()
    }
    operations = {name: found[name] for name in names}
    all_schemas = openapi["components"]["schemas"]
    schemas: dict[str, Any] = {}
    waiting = _reached(operations)
    while waiting:
        name = waiting.pop()
        schemas[name] = _facts(all_schemas[name])
        waiting |= _reached(schemas[name]) - schemas.keys()
    return {"api": "v1beta1" if beta else "v1", "operations": operations, "schemas": dict(sorted(schemas.items()))}


def written(facts: dict[str, Any]) -> str:
    """The extract as the file holds it: one operation or schema a line, so that a diff is readable."""
    lines = []
    for part in ("operations", "schemas"):
        rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in facts[part].items())
        lines.append(f" {json.dumps(part)}: {{\n{rows}\n }}")
    return f'{{\n "api": {json.dumps(facts["api"])},\n' + ",\n".join(lines) + "\n}\n"


def main(arguments: list[str]) -> None:
    """Derive an extract from the OpenAPI document at the path given."""
    openapi = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    beta = "beta" in arguments[1:]
    where = BETA_EXTRACT if beta else EXTRACT
    where.write_text(written(extract(openapi, beta=beta)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
