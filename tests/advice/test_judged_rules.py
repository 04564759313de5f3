"""Each of the decision rules that were collected is judged, and what became of it is there."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from pathlib import Path

from astroferry.advice.suggest import rules

HERE = Path(__file__).parent
COLLECTED = Path(os.environ.get("ASTROFERRY_SHARED", HERE.parents[2] / "shared")) / "rules" / "rules.json"
JUDGED: dict[str, dict[str, str]] = tomllib.loads((HERE / "judged_rules.toml").read_text(encoding="utf-8"))
AS_COLLECTED = "1d1daf21c44c5573e5d4320d0e11e668921df7a40ca29321eecf9ec1b5e76a05"
"""digest of the names of the collected rules"""
FATES = {"kept", "corrected", "merged", "dropped"}


def test_every_judgement_says_what_became_of_the_rule() -> None:
    ours = {rule.id for rule in rules()}
    for name, judged in JUDGED.items():
        assert set(judged) <= {"fate", "ours", "why"}, name
        assert judged["fate"] in FATES, name
        if judged["fate"] in {"dropped", "corrected"}:
            assert judged.get("why"), f"{name}: no reason"
        named = [part.strip() for part in judged.get("ours", "").split(",") if part.strip()]
        assert named or judged["fate"] == "dropped", f"{name}: what became of it?"
        # A place has a slash ("carry/handover"), a rule has none.
        assert [part for part in named if "/" not in part and part not in ours] == [], name


def test_every_collected_rule_is_judged() -> None:
    names = "\n".join(sorted(JUDGED))
    assert hashlib.sha256(names.encode()).hexdigest() == AS_COLLECTED, "changed, and not compared with the collection"
    if COLLECTED.exists():
        collected = json.loads(COLLECTED.read_text(encoding="utf-8"))["rules"]
        assert {rule["id"] for rule in collected} == set(JUDGED)
