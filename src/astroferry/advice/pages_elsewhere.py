"""Help pages of findings that no rule makes: noticed while the source was read, compared or cut over.

The first line is the title; a "*" in a code stands for what is put in at run time.
"""

from __future__ import annotations

_ASK_THE_ADMIN = """
Astroferry asks once, notes the gap and goes on: nothing is guessed in its place. What depends on it says "unknown".
"""

ELSEWHERE: tuple[tuple[str, str, str], ...] = (
    (
        "SRC-403-*",
        "",
        "The source refused to show something to this login.\n"
        + _ASK_THE_ADMIN
        + """
Ask an Airflow administrator of the source for the role Op (Viewer sees DAGs only), then take the inventory again.
""",
    ),
    (
        "SRC-404-*",
        "",
        """The source does not have this address.

Older versions lack some of the API, and some platforms switch parts of it off. The inventory says "absent" for it.
Nothing needs to be done, unless you know that the source has such things: then list them by hand.
""",
    ),
    (
        "SRC-unreachable-*",
        "",
        """The source could not be reached for this question.

The connection broke while reading. Run the same command again: reading never changes the source.
""",
    ),
    (
        "SRC-not-the-api-*",
        "",
        """Something answered, but not Airflow's API.

A login page of a proxy, or another product at that address. Check the address in a browser, and whether the API is
reachable behind the proxy with the credentials that you gave.
""",
    ),
    (
        "SRC-failed-*",
        "",
        """A question to the source failed.

The message holds the server's own words. Run assess again; where it fails every time, look into the web server's log.
""",
    ),
    (
        "SRC-4*-*",
        "",
        """The source refused a question as wrong.

The number in the code is the HTTP status. Another version than it says, or a proxy in between; look into the web
server's log, and take the inventory again.
""",
    ),
    (
        "SRC-5*-*",
        "",
        """The source failed over a question.

The number in the code is the HTTP status. Run assess again; where it stays, look into the web server's log.
""",
    ),
    (
        "SRC-secrets-backend",
        "warn",
        """The source reads secrets from a backend, and its API does not list those.

Connections and variables in a backend win over those of the metadata database and are invisible to REST. Point Astro
at the same backend (decisions.secrets_backend), or list there what DAGs use.
""",
    ),
    (
        "SRC-starship-open",
        "warn",
        """Starship on the source is older than 2.8.6 and gives secrets to anyone.

Its endpoints ask for no login before 2.8.6: whoever reaches the web server can read every password and variable.
Upgrade or remove it today; think about changing the passwords. Astroferry does not read from such a Starship.
""",
    ),
    (
        "SRC-unhealthy",
        "warn",
        """The source reports a part of itself as unhealthy.

A scheduler that stands still finishes no runs, so a drain would wait until it times out. Make the source healthy
before the first cutover.
""",
    ),
    (
        "SRC-import-errors",
        "warn",
        """DAG files of the source do not parse.

They do not run today, and will not parse on Astro either. Repair or remove them before code is deployed, so that the
list of broken files on the target is empty and a new one is noticed.
""",
    ),
    (
        "SRC-depends-on-past",
        "advise",
        """Tasks depend on their own past.

depends_on_past and wait_for_downstream look at the run before. Such DAGs are handed over like others: the boundary
marker stands for the source's last run, and what fell between the two sides runs in its order. A task takes the
marker for done, whatever became of that run on the source: where it failed there and holds up the next, mend it
before the wave is cut over, or Astro goes on without it.
""",
    ),
    (
        "SRC-queues",
        "warn",
        """Tasks ask for queues of their own.

On Astro a queue is a worker queue of the Deployment; a task whose queue does not exist stays queued for ever. Make
worker queues of these names, or change the tasks to the default queue.
""",
    ),
    (
        "SRC-code-computed",
        "advise",
        """Code computes names that only a run tells.

Ids of other DAGs, datasets, variables or connections are put together by expressions; the last run told some of
them. Look at these DAGs by hand before they are divided into waves.
""",
    ),
    (
        "SRC-code-unreadable",
        "warn",
        """The code of a DAG could not be read as Python.

It may be generated, or written for another Python. Its dependencies stay unknown; look at it by hand.
""",
    ),
    (
        "SRC-*-only-in-code",
        "warn",
        """DAG code names a connection or variable that the source does not list.

It comes from AIRFLOW_CONN_* or AIRFLOW_VAR_* in the environment, from a secrets backend, or does not exist. Find out
where each lives; name those that no DAG needs under values.skip_connections or values.skip_variables.
""",
    ),
    (
        "PLC-localhost",
        "warn",
        """A connection points to the Airflow machine itself.

On Astro nothing of yours listens on localhost. Give the service an address that can be reached from Astro, or leave
the connection out.
""",
    ),
    (
        "SEC-file-readable",
        "warn",
        """A file with secrets can be read by others on this machine.

An export file holds every password in clear. Make it yours alone (chmod 600), and remove it after the migration.
""",
    ),
    (
        "PRB-differs",
        "refuse",
        """A value on the target is not what the source has.

The probe compares keyed digests of every field, as a task would see it. The fields that differ are named, never their
content. Correct the value on the target, or run apply again with conflicts set to overwrite. Where the target's own
value is right, name it in values.skip_variables or values.skip_connections of the plan: it is then neither copied nor
compared.
""",
    ),
    (
        "PRB-missing",
        "refuse",
        """The target does not resolve a connection or variable.

A task there would fail with "not found". Run apply for the configuration again, or skip it by name in the plan.
""",
    ),
    (
        "PRB-unreachable",
        "warn",
        """A host and port of a connection cannot be reached from the target.

Either the network path is not there yet, or an allow list lacks Astro's addresses. Look at the networking decision.
""",
    ),
    (
        "PRB-not-compared",
        "refuse",
        """An item could not be compared, because its value on the source is not known.

Supply it (export file, Starship, or typed), or name it under values.skip_connections or values.skip_variables.
""",
    ),
    (
        "PRB-hook",
        "warn",
        """A hook's own test failed on the target.

The value is the same, but the service did not accept it from there: an allow list, a missing package, or a hook that
tests more than tasks use. Look at its login, its extras and its provider's version there. Only the class of the error
leaves the probe's task, since its message may hold a password; a task that uses the connection tells the whole.
""",
    ),
    (
        "VRD-unread",
        "",
        """Not enough is known for a verdict.

The schedule or the code of a DAG could not be read, so what it depends on, and what a new Airflow version means for
it, is unknown. Give assess a login that may read DAG code, or look at these DAGs yourself.
""",
    ),
    (
        "VRD-gaps",
        "",
        """The source did not show everything.

A part of the inventory was refused or failed. What is not in it cannot be planned for: see the coverage in the
inventory, and ask an Airflow administrator of the source for the role that is missing.
""",
    ),
    (
        "CUT-uncounted",
        "advise",
        """This DAG is handed over, but it has no ticks that could be counted.

Nothing but time makes ticks: a DAG that somebody starts, that datasets start, or that runs once or continuously is
paused on one side and unpaused on the other, and what arrives in between is listed. Read what it says, and accept it
by confirming the cutover.
""",
    ),
    (
        "CUT-dates",
        "warn",
        """The tasks of this DAG will see other dates than on the source.

Airflow 3 makes a trigger timetable of a cron string unless CREATE_CRON_DATA_INTERVALS is true: the run of the same
tick is then named by the tick itself, where Airflow 2 named it by the start of the interval before. Tasks that build
file names or queries from `ds` would skip one period and be one ahead. Set decisions.cron_data_intervals = true.
""",
    ),
    (
        "CUT-timetable",
        "advise",
        """A timetable class of your own may look like a cron.

A class that is derived from Airflow's cron timetables calls itself by its cron text, and no API tells it from that
cron. It may leave ticks out, such as holidays, or add some; counted as the cron, those would be missed or unexpected.
Where a DAG's own file makes its schedule of such a class it is left to people; one that gets its schedule from
another module is not seen. Look through the DAGs that are named, and leave such a one out of the wave.
""",
    ),
    (
        "CUT-torn",
        "warn",
        """Two DAGs that work together do not move together.

One starts the other, feeds it by a dataset, or watches it with a sensor, and only one of them is in this wave. Once
it has moved, neither sees the other. Put both into one wave, or bridge them by API until the second follows.
""",
    ),
)
"""(code, severity or "" where it varies, page)"""
