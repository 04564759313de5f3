"""A task's line in the ledger: which tick it ran for, and on which side.

`LEDGER` names the file, `LEDGER_SIDE` the side. One `write` of one line to a file opened for appending is atomic,
so that tasks of both sides can write to the same file at the same time.
"""

import json
import os
from datetime import datetime, timezone


def _text(moment):
    return None if moment is None else moment.astimezone(timezone.utc).isoformat()


def entry(context):
    """The line for a task's context."""
    run = context["dag_run"]
    return {
        "dag": context["dag"].dag_id,
        "task": context["ti"].task_id,
        # The scheduled moment: where an interval ends its run is due; a trigger timetable's interval has no length.
        "tick": _text(context.get("data_interval_end")),
        "side": os.environ.get("LEDGER_SIDE", ""),
        "run_id": run.run_id,
        "run_type": str(getattr(run.run_type, "value", run.run_type)),
        "logical_date": _text(context.get("logical_date")),
        "ds": context.get("ds"),
        "data_interval_start": _text(context.get("data_interval_start")),
        "data_interval_end": _text(context.get("data_interval_end")),
        "written_at": datetime.now(timezone.utc).isoformat(),
    }


def write(**context):
    """Append this run's line; where no ledger is asked for, do nothing."""
    path = os.environ.get("LEDGER")
    if not path:
        return
    line = (json.dumps(entry(context)) + "\n").encode()
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, line)
        os.fsync(file)
    finally:
        os.close(file)
