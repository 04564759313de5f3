"""A pretended Airflow installation: a small `airflow` that answers and sleeps, so that no test needs a real one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from astroferry.simulator.real import server, template

if TYPE_CHECKING:
    from pathlib import Path

AIRFLOW = """#!{python} -IS
import http.server, json, os, signal, sqlite3, sys, time
from datetime import datetime, timezone

command, arguments = sys.argv[1], sys.argv[2:]
home = os.environ["AIRFLOW_HOME"]
behaviour = os.environ.get("PRETEND", "")
if command == "db":
    if "no migration" in behaviour:
        sys.exit("cannot migrate")
    with sqlite3.connect(os.path.join(home, "airflow.db")) as database:
        database.execute("CREATE TABLE ab_user (username TEXT, password TEXT)")
        database.executemany("INSERT INTO ab_user VALUES (?, '')", [("admin",), ("op",), ("user",), ("viewer",)])
elif command in ("scheduler", "dag-processor"):
    if command + " dies" in behaviour:
        sys.exit("out of luck")
    time.sleep(600)
elif command == "dags":
    open(home + "/parsed", "w").close()
elif command == "connections":
    if arguments[0] != "export":
        sys.exit("no such command")
    print(json.dumps(dict(os.environ)))
else:
    if "port taken once" in behaviour and not os.path.exists(home + "/tried"):
        open(home + "/tried", "w").close()
        sys.exit("[Errno 98] Address already in use")
    pid = os.fork() if "worker" in behaviour else 1
    if pid == 0:
        # As gunicorn's workers: in a session of its own, deaf to polite requests.
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        open(home + "/worker", "w").write(str(os.getpid()))
        time.sleep(600)
    beat = "2020-01-01T00:00:00+00:00" if "stale" in behaviour else None

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            now = beat or datetime.now(timezone.utc).isoformat()
            sick = "unhealthy" if "sick" in behaviour else "healthy"
            self.give(200, {{
                "metadatabase": {{"status": "healthy"}},
                "scheduler": {{"status": sick, "latest_scheduler_heartbeat": now}},
                "dag_processor": {{"status": "healthy", "latest_dag_processor_heartbeat": now}},
            }})

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = json.load(open(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]))
            good = known.get(asked["username"]) == asked["password"] and "no tokens" not in behaviour
            self.give(201 if good else 401, {{"access_token": "token-of-" + asked["username"]}})

        def give(self, status, body):
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    port = arguments[[a in ("-p", "--port") for a in arguments].index(True) + 1]
    http.server.HTTPServer(("127.0.0.1", int(port)), Page).serve_forever()
"""


@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pretended installation's virtual environment, in place of every version's."""
    venv = tmp_path / "installation" / "venv"
    (venv / "bin").mkdir(parents=True)
    airflow = venv / "bin" / "airflow"
    airflow.write_text(AIRFLOW.format(python=sys.executable))
    airflow.chmod(0o755)
    # Stands for the step that makes users; takes any arguments.
    (venv / "bin" / "python").write_text("#!/bin/sh\nexit 0\n")
    (venv / "bin" / "python").chmod(0o755)

    def ensured(_version: str, _say: object = None) -> Path:
        return venv

    monkeypatch.setattr(server, "ensure", ensured)
    monkeypatch.setattr(template, "ensure", ensured)
    return venv
