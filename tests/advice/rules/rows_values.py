"""Cases of the rules in advice/rules/values.py."""

from __future__ import annotations

from dataclasses import replace

from tests.advice.rules.rulecase import PLAN, case, no, source, yes

from astroferry.model.inventory import ConnectionSeen, VariableSeen
from astroferry.model.plan import Plan, Values


def by(values: Values) -> Plan:
    return replace(PLAN, values=values)


MASKED = source(variables=(VariableSeen("token", masked=True),))
ONE = source(connections=(ConnectionSeen("a", "http"),))
SIX = source(connections=tuple(ConnectionSeen(name, "http") for name in "abcdef"))

ROWS = (
    yes("ENV-masked", case(inventory=MASKED), "token"),
    no("ENV-masked", case(by(Values(skip_variables=("token",))), MASKED)),
    no("ENV-masked", case(by(Values(variables="export-file")), MASKED)),
    yes("ENV-starship", case(by(Values("starship"))), "finds none"),
    yes("ENV-starship", case(by(Values("starship")), source(starship="2.8.5")), "finds Starship 2.8.5"),
    no("ENV-starship", case(by(Values("starship")), source(starship="2.10.0"))),
    yes("ENV-typed", case(inventory=SIX), "6 connections"),
    no("ENV-typed", case(inventory=ONE)),
)
