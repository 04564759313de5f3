"""The source's environment variables, from a file that the user gives or from Starship: names, hardly any values.

Of values only those options of Airflow are kept that `configuration.kept` names; all else may be a secret, and its
name is enough for the advice. Files: what `env` prints, a .env file, and as JSON or YAML what `docker inspect`,
`docker compose config`, `kubectl get -o yaml`, an ECS task definition, Helm values, `aws mwaa get-environment` and
`gcloud composer environments describe --format json` say.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from astroferry.advice.options import matches, option, variable
from astroferry.errors import UsageError
from astroferry.model.files import beside
from astroferry.model.inventory import SourceKind  # noqa: TC001 - an alias below is made of it
from astroferry.sources.configuration import kept, options_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


LARGEST = 4_000_000
"""bytes; an environment has some thousand"""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEY = re.compile(r"[A-Z_][A-Z0-9_]*|[a-z_]+\.[a-z0-9_]+")
_LINE = re.compile(r"(?:export\s+|declare -x\s+)?([A-Z_][A-Z0-9_]*|[a-z_][a-z0-9_]*)=(.*)", re.DOTALL)
"""names in one case only: a line of a key in base64, which a value may hold, is no name"""
_KEY_BLOCK = re.compile(r"-----BEGIN [^-]+-----.*?(?:-----END [^-]+-----|\Z)", re.DOTALL)
_LISTS = frozenset({"env", "Env", "environment", "extraEnv", "secret", "secrets"})
_TABLES = frozenset({"data", "env", "environment", "envVariables", "Variables"})
_OPTIONS = frozenset({"AirflowConfigurationOptions", "airflowConfigOverrides"})
"""MWAA's and Composer's own tables of options: core.parallelism, core-parallelism"""
_SECTIONS = frozenset({"api", "celery", "core", "database", "logging", "operators", "scheduler", "webserver"})
"""one of these makes a table `config` that of a Helm chart: sections of airflow.cfg"""

Pair = tuple[str, str | None]
"""a variable's name, and its value where the file has it"""


@dataclass(frozen=True, slots=True)
class Environment:
    """What is known of the source's environment.

    `origin`: the file as it was given, or "Starship". `names`: of variables, sorted; options of Airflow under the
    variable's name, however they were written. `config`: section -> option -> value, of those that may be kept.
    `options_set`: as in the inventory. `kind`: the platform whose account of itself this is.
    """

    origin: str
    names: tuple[str, ...] = ()
    config: dict[str, dict[str, str]] = field(default_factory=dict)
    options_set: tuple[str, ...] = ()
    kind: SourceKind = "airflow"

    @property
    def connections(self) -> tuple[str, ...]:
        """Ids of the connections among them, as Airflow reads AIRFLOW_CONN_*: in lower case."""
        return self._behind("AIRFLOW_CONN_")

    @property
    def variables(self) -> tuple[str, ...]:
        """Keys of Airflow's variables among them (AIRFLOW_VAR_*), in lower case."""
        return self._behind("AIRFLOW_VAR_")

    def _behind(self, prefix: str) -> tuple[str, ...]:
        return tuple(name.removeprefix(prefix).lower() for name in self.names if name.startswith(prefix))


def environment_beside(plan: Path, given: str) -> Environment | None:
    """What the file tells that a plan names, relative to it; None where it names none. Raises as `load`."""
    return load(beside(plan, given), given) if given else None


def load(path: Path, origin: str = "") -> Environment:
    """Read a file; `origin` is what it is called. UsageError where it is none of those, or cannot be read."""
    origin = origin or str(path)
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{origin} is too large to be an environment ({path.stat().st_size:,} bytes).")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"The environment file {origin} cannot be read: {error.strerror}.",
            hint="Give its path again, or leave it out (source.environment).",
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"The environment file {origin} is not text in UTF-8.") from error
    return parse(text, origin)


def parse(text: str, origin: str) -> Environment:
    """What the text of such a file tells; UsageError where it names no variable."""
    document = _document(text, origin)
    found = environment_of(dict(_lines(text) if document is None else _told(document)), origin)
    if not found.names:
        raise UsageError(
            f"{origin} names no environment variable.",
            hint="Give what `env` prints on the source, a .env file, or what docker inspect, docker compose config, "
            "kubectl -o yaml, helm get values, aws mwaa get-environment or gcloud composer environments describe.",
        )
    return replace(found, kind=_platform(text)) if found.kind == "airflow" else found


def environment_of(pairs: Mapping[str, str | None], origin: str) -> Environment:
    """The environment of these variables."""
    config: dict[str, dict[str, str]] = {}
    for name, value in pairs.items():
        section, _, key = option(name).partition(".")
        if key and value is not None and "{{" not in value:  # a Helm template is no value
            config.setdefault(section, {})[key] = value
    told: SourceKind = next(
        (kind for kind, signs in _TELLING if any(matches(name, signs) for name in pairs)), "airflow"
    )
    return Environment(origin, tuple(sorted(pairs)), kept(config), options_set(config), told)


_TELLING: tuple[tuple[SourceKind, tuple[str, ...]], ...] = (
    ("mwaa", ("AIRFLOW_ENV_NAME", "AIRFLOW__AWS_MWAA__*", "MWAA__*")),
    ("composer", ("COMPOSER_*",)),
)
"""variables that only this platform sets"""


def _platform(text: str) -> SourceKind:
    """Whose account of itself a document is."""
    if "AirflowConfigurationOptions" in text or "arn:aws:airflow:" in text:
        return "mwaa"
    return "composer" if "softwareConfig" in text or "airflowConfigOverrides" in text else "airflow"


def _document(text: str, origin: str) -> Any:
    """The file as JSON or YAML; None where it is lines of NAME=value."""
    first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    if "\0" in text or _LINE.match(first.strip()) or not first:
        return None
    try:
        return json.loads(text)
    except ValueError:
        pass
    import yaml  # noqa: PLC0415 - only where a file of that kind is given

    try:
        return list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        # What the parser says quotes the text, which may be a secret.
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise UsageError(
            f"{origin} is neither NAME=value lines nor valid JSON or YAML{where}.",
            hint="A Helm template is not read; give the values, or what `helm get values` prints.",
        ) from None


def _lines(text: str) -> Iterator[Pair]:
    """What `env` or `env -0` prints, or a .env file; lines that belong to the value before them are passed over."""
    lines = text.split("\0") if "\0" in text else _joined(_KEY_BLOCK.sub("", text).splitlines())
    for line in lines:
        if found := _LINE.fullmatch(line.strip()):
            yield found[1], _unquoted(found[2])


def _joined(lines: list[str]) -> list[str]:
    """Lines of which a quoted value that goes over several is one."""
    found: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        opened = _LINE.fullmatch(line.strip())
        quote = opened[2][:1] if opened else ""
        if quote in {"'", '"'} and opened and opened[2].count(quote) == 1:
            end = next((at for at in range(number, len(lines)) if lines[at].rstrip().endswith(quote)), None)
            number = number if end is None else end + 1
        found.append(line)
    return found


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in {"'", '"'} else value


def _told(document: Any) -> Iterator[Pair]:
    """Variables of a document; one that is a table of texts itself is a table of variables, or of MWAA's options."""
    only = document[0] if isinstance(document, list) and len(document) == 1 else document
    if isinstance(only, dict) and _is_flat(only) and all(_KEY.fullmatch(str(name)) for name in only):
        return ((variable(name) if "." in name else name, _text(value)) for name, value in only.items())
    return _pairs(document)


def _pairs(node: Any) -> Iterator[Pair]:
    """Variables of a document, wherever one of these tools puts them."""
    if isinstance(node, list):
        for item in node:
            yield from _pairs(item)
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _under(str(name), value)


def _under(name: str, value: Any) -> Iterator[Pair]:
    if isinstance(value, dict) and name in _OPTIONS:
        yield from ((variable(key), _text(given)) for key, given in value.items())
    elif isinstance(value, dict) and name in _TABLES and _is_flat(value):
        yield from ((key, _text(given)) for key, given in value.items() if _NAME.fullmatch(str(key)))
    elif isinstance(value, dict) and name == "config" and _SECTIONS & value.keys():
        for section, options in value.items():
            if isinstance(options, dict):
                yield from ((variable(f"{section}.{key}"), _text(given)) for key, given in options.items())
    elif isinstance(value, list) and name in _LISTS:
        yield from (pair for item in value if (pair := _item(item)) is not None)
    elif isinstance(value, str) and name in _LISTS and "name:" in value:
        # The chart of Airflow takes a list as text.
        yield from ((found, None) for found in re.findall(r"\bname:\s*[\"']?([A-Z_][A-Z0-9_]*)\b", value))
    elif not isinstance(value, dict | list) and name.startswith("AIRFLOW_"):
        yield name, _text(value)
    else:
        yield from _pairs(value)


def _item(item: Any) -> Pair | None:
    """An entry of a list: "NAME=value", {name, value}, or the chart's {envName, secretName}."""
    if isinstance(item, str) and (found := re.fullmatch(r"([A-Za-z_]\w*)(?:=(.*))?", item, re.DOTALL)):
        return found[1], found[2]
    name = item.get("name", item.get("envName")) if isinstance(item, dict) else None
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name, _text(item.get("value"))
    return None


def _is_flat(node: dict[Any, Any]) -> bool:
    return bool(node) and not any(isinstance(value, dict | list) for value in node.values())


def _text(value: Any) -> str | None:
    """A value as the variable would have it; None where there is none."""
    if isinstance(value, bool):
        return str(value)
    return None if value is None or isinstance(value, dict | list) else str(value)
