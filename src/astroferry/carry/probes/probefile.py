"""The text of the probe DAG: its Airflow part, with the canonical form and the dialling copied in to stand alone."""

from __future__ import annotations

import ast
import functools
import hashlib
from importlib import resources

DAG_ID = "astroferry_probe_values"
VALUES_TASK = "values"
REACH_TASK = "reach"
_PACKAGE = "astroferry.carry.probes"
_MARK = "# astroferry: embedded modules\n"


def _body(module: str) -> str:
    """A module's text without its docstring and its `__future__` import, which must stand at a file's top."""
    text = (resources.files(_PACKAGE) / module).read_text(encoding="utf-8")
    nodes = ast.parse(text).body
    future = next(node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "__future__")
    return "".join(text.splitlines(keepends=True)[future.end_lineno :]).strip("\n") + "\n"


@functools.cache
def _build() -> tuple[str, str]:
    template = (resources.files(_PACKAGE) / "dags" / f"{DAG_ID}.py").read_text(encoding="utf-8")
    text = template.replace(_MARK, _body("digest.py") + "\n\n" + _body("reach.py"))
    version = hashlib.sha256(text.encode()).hexdigest()[:8]
    return text.replace("@VERSION@", version), f"astroferry-probe-{version}"


def probe_file() -> tuple[str, bytes]:
    """The path inside the DAG folder, and the content: what the deploy action packs beside the user's DAGs."""
    return f"{DAG_ID}.py", _build()[0].encode()


def probe_tag() -> str:
    """A tag on the DAG that changes with the file's text: by it one sees that this text has been parsed."""
    return _build()[1]
