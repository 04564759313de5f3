"""Cases of the rules in advice/rules/access.py."""

from __future__ import annotations

from tests.advice.rules.rows_code import saying
from tests.advice.rules.rulecase import case, facts, no, source, yes

from astroferry.model.inventory import RoleSeen

HELD = source(roles=(RoleSeen("Admin", 1, "administer"), RoleSeen("User", 14, "run"), RoleSeen("Op", 0, "operate")))
AUDITORS = source(roles=(RoleSeen("auditors", 3, dags=("a",)), RoleSeen("Public")))
MAKERS = source(roles=(RoleSeen("makers", 1, dags=("a", "b"), edits=("b",)),))
OPEN = source(roles=(RoleSeen("Public", may="see"),))

ROWS = (
    yes("ACC-roles", case(inventory=HELD), "2 roles on the source are held by people: User 14, Admin 1."),
    no("ACC-roles", case(inventory=source(roles=(RoleSeen("Op"),)))),
    yes("ACC-dags", case(inventory=AUDITORS), "auditors (3 people) sees 1 DAG only: a."),
    yes("ACC-dags", case(inventory=MAKERS), "makers (1 person) may run 2 DAGs only: a, b."),
    no("ACC-dags", case(inventory=HELD)),
    yes("ACC-public", case(inventory=OPEN), "lets people without a login see (role Public)"),
    yes("ACC-public", case(inventory=source(roles=(RoleSeen("Public", dags=("a",)),))), "see some DAGs"),
    no("ACC-public", case(inventory=AUDITORS)),
    yes("ACC-code", case(inventory=saying("access-control", "auditors")), "in a: auditors"),
    no("ACC-code", case()),
)
WHAT_INSTEAD = (
    (case(inventory=AUDITORS), "Give Dag Viewer for the tags or ids"),
    (case(inventory=MAKERS, facts=facts("ENTERPRISE")), "Give Dag Author for the tags or ids"),
    (case(inventory=AUDITORS, facts=facts("TEAM")), "need the Enterprise plan, yours is TEAM: move these DAGs"),
    (case(inventory=AUDITORS, runtime="3.1-11"), "need Runtime 3.1-12 or newer"),
    (case(inventory=AUDITORS, airflow="2", runtime="13.11.0"), "need Runtime 3.1-12 or newer"),
)
