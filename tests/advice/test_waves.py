"""Waves as proposed: what belongs together stays together, low risk first, and the plan stays short."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astroferry.advice.shorthand import shorthand
from astroferry.advice.waves import Division, divide, in_words
from astroferry.model.division import divided
from astroferry.model.inventory import Dag, Inventory, Schedule

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def dag(dag_id: str, schedule: str = "@daily", **changes: Any) -> Dag:
    return replace(Dag(dag_id, Schedule("cron", schedule), is_paused=False, dependencies="none"), **changes)


def of(*dags: Dag) -> Division:
    return divide(Inventory("airflow", "https://old.example", "2.11.2", NOW, dags=dags))


def test_a_workspace_is_not_divided_to_fill_up_the_wave_of_another() -> None:
    dags = tuple(dag(f"t{team}_{number:02}") for team in range(6) for number in range(30))
    where = {item.dag_id: item.dag_id[:2] for item in dags}
    found = divide(Inventory("airflow", "https://old.example", "2.11.2", NOW, dags=dags), where)
    assert all(len({where[name] for name in wave.dags}) == 1 for wave in found.waves)
    assert {len(wave.dags) for wave in found.waves[1:]} <= {12, 13, 14, 15}
    few = tuple(item for item in dags if item.dag_id[3:] in {"00", "01", "02", "03"})
    small = divide(Inventory("airflow", "https://old.example", "2.11.2", NOW, dags=few), where)
    # Small ones go side by side in one step.
    assert len(small.waves) <= 4


def wave_of(division: Division) -> dict[str, int]:
    return {name: number for number, wave in enumerate(division.waves) for name in wave.dags}


def estate(number: int, teams: int = 25, *, seed: int = 1) -> tuple[Dag, ...]:
    """Made-up DAGs of many teams, chained inside a team and sometimes across."""
    luck = random.Random(seed)
    dags = []
    for item in range(number):
        team = f"team{item % teams:02}"
        triggers = (f"{team}_job_{item - teams}",) if item >= teams and luck.random() < 0.2 else ()
        if luck.random() < 0.01:
            triggers = (*triggers, f"team{(item + 1) % teams:02}_job_{item + 1}")
        tags = ("critical",) if luck.random() < 0.01 else ()
        often = luck.choice(["@daily", "@hourly", "*/5 * * * *", "0 2 * * *"])
        paused = luck.random() < 0.3
        dags.append(dag(f"{team}_job_{item}", often, triggers=triggers, tags=tags, is_paused=paused))
    return tuple(dags)


def test_few_dags_need_no_division() -> None:
    assert [(wave.name, wave.written) for wave in of(dag("a"), dag("b")).waves] == [("all", ("*",))]
    assert of().waves == ()


def test_low_risk_first_and_the_last_wave_takes_the_rest() -> None:
    quiet = [dag(f"quiet_{number}", is_paused=True) for number in range(6)]
    daily = [dag(f"daily_{number}") for number in range(6)]
    busy = [dag(f"busy_{number}", "* * * * *") for number in range(6)]
    reports = [dag("x_report"), dag("y_report", "@weekly")]
    found = of(*busy, *daily, *quiet, *reports)
    assert [wave.name for wave in found.waves] == ["pilot", "low", "medium", "high"]
    assert found.waves[0].dags == ("x_report", "y_report"), "what runs soonest shows the way soonest"
    assert found.waves[1].written == ("quiet_*",)
    assert found.waves[2].written == ("daily_*",)
    assert found.waves[3].written == ("*",)
    assert [wave.level for wave in found.waves] == ["low", "low", "medium", "high"]
    assert in_words(found.waves[2]) == "medium: 6 DAGs, 6 medium risk: daily_0, daily_1, daily_2 and 3 more"


def test_the_pilot_tries_a_handover() -> None:
    paused = [dag(f"quiet_{number}", is_paused=True) for number in range(6)]
    linked = [dag("first", triggers=("second",)), dag("second")]
    found = of(*paused, *linked, dag("hourly", "@hourly"), dag("daily_b"), dag("daily_a"), dag("weekly", "@weekly"))
    assert found.waves[0].dags == ("daily_a", "daily_b", "hourly")
    by_hand = of(*paused, *(replace(dag(f"by_hand_{number}"), schedule=Schedule("none")) for number in range(6)))
    assert by_hand.waves[0].name == "pilot"
    assert "tries deploying, but no handover" in by_hand.told[0]
    rare = of(*paused, dag("newsletter", "0 9 * * 4"), dag("daily_a"), dag("daily_b"), dag("daily_c"), *linked)
    assert rare.waves[0].dags == ("newsletter", "daily_a", "daily_b")
    one_that_catches_up = of(*paused, *linked, dag("daily_a", catchup=True), dag("daily_b", catchup=False))
    assert one_that_catches_up.waves[0].dags[0] == "daily_b"


def test_paused_dags_move_in_one_wave() -> None:
    found = of(*(dag(f"off_{number}", is_paused=True) for number in range(40)))
    assert [(wave.name, len(wave.dags)) for wave in found.waves] == [("all", 40)]
    assert found.told == ("Every DAG is paused on the source, so no schedule is handed over, and one wave does.",)


def test_links_between_workspaces_bind_no_waves() -> None:
    made = [dag(f"a{number}") for number in range(6)] + [dag(f"b{number}", "* * * * *") for number in range(6)]
    made[0] = replace(made[0], waits_for=("b0",), produces=("s3://x",))
    made[6] = replace(made[6], consumes=("s3://x",))
    made[7] = replace(made[7], triggers=("b5",))
    inventory = Inventory("airflow", "https://old.example", "2.11.2", NOW, dags=tuple(made))
    assert divide(inventory).groups == 2
    where = {item.dag_id: item.dag_id[0] for item in made}
    assert divide(inventory, where).groups == 1
    assert wave_of(divide(inventory, where))["a0"] < wave_of(divide(inventory, where))["b0"]


def test_large_estates_of_several_workspaces_move_by_workspace() -> None:
    dags = estate(1000, teams=10)
    where = {item.dag_id: f"team {int(item.dag_id[4:6]) % 5}" for item in dags}
    found = divide(Inventory("airflow", "https://old.example", "2.11.2", NOW, dags=dags), where)
    ordinary = [wave for wave in found.waves if wave.name != "pilot" and not wave.name.endswith("critical")]
    assert all(len({where[name] for name in wave.dags}) <= 2 for wave in ordinary)


def test_a_group_moves_with_its_gravest_member() -> None:
    dags = [dag(f"d{number}") for number in range(12)]
    chain = [dag("start", is_paused=True, triggers=("end",)), dag("end", "* * * * *")]
    found = of(*dags, *chain)
    where = wave_of(found)
    assert where["start"] == where["end"] == len(found.waves) - 1
    assert found.groups == 1


def test_a_group_larger_than_a_wave_is_not_divided_but_told() -> None:
    star = [dag("hub", triggers=tuple(f"spoke_{number}" for number in range(14)))]
    star += [dag(f"spoke_{number}") for number in range(14)]
    found = of(*star, *(dag(f"other_{number}") for number in range(8)))
    assert len({wave_of(found)[item.dag_id] for item in star}) == 1
    (told,) = found.told
    assert told.startswith("15 DAGs depend on each other, so they move in one wave, larger than the others")
    assert told.endswith("; without hub it would fall into 14 parts, the largest of 1.")
    ring = [dag(f"r{number:02}", triggers=(f"r{(number + 1) % 12:02}",)) for number in range(12)]
    assert "without" not in of(*ring).told[0]


def test_a_pool_holds_its_few_users_together() -> None:
    busy = dag("busy", "* * * * *", pools=("db", "default_pool"))
    slow = dag("slow", pools=("db",))
    others = [dag(f"d{number}", pools=("default_pool",)) for number in range(12)]
    where = wave_of(of(busy, slow, *others))
    assert where["busy"] == where["slow"]
    popular = [replace(item, pools=("db",)) for item in others]
    where = wave_of(of(busy, slow, *popular))
    assert where["busy"] != where["slow"], "a pool that many use binds nobody"


def test_a_pool_of_two_large_groups_is_told() -> None:
    one = [dag(f"a{number}", triggers=(f"a{number + 1}",)) for number in range(6)]
    two = [dag(f"b{number}", triggers=(f"b{number + 1}",)) for number in range(6)]
    one[0], two[0] = replace(one[0], pools=("db",)), replace(two[0], pools=("db",))
    assert of(*one, *two).told == (
        'The pool "db" limits DAGs of several waves; until all have moved, each side counts its own.',
    )


@pytest.mark.parametrize("number", [40, 301, 1000])
def test_every_dag_is_in_one_wave_and_no_group_is_cut(number: int) -> None:
    dags = estate(number)
    found = of(*dags)
    where = wave_of(found)
    assert sorted(where) == sorted(item.dag_id for item in dags)
    assert sum(len(wave.dags) for wave in found.waves) == number
    for item in dags:
        assert all(where[item.dag_id] == where[other] for other in item.triggers if other in where)


def test_the_plan_of_a_large_estate_stays_short() -> None:
    dags = estate(4000)
    found = of(*dags)
    assert 10 <= len(found.waves) <= 16
    assert sum(len(wave.written) for wave in found.waves) < 200
    assert max(len(wave.dags) for wave in found.waves) < 500
    assert found.waves[-1].name.endswith("critical")
    assert found.waves[0].name == "pilot"
    assert any("marked critical" in line for line in found.told)
    assert any("high risk move with the families" in line for line in found.told)
    means = [sum(rank * count for rank, count in enumerate(wave.counts)) / len(wave.dags) for wave in found.waves]
    assert means[1] < means[-2] < means[-1]


def test_names_without_families_are_cut_by_name() -> None:
    found = of(*(dag(f"n{number:04}x") for number in range(400)))
    assert sum(len(wave.written) for wave in found.waves) < 80
    assert {len(wave.dags) for wave in found.waves[1:]} <= set(range(25, 40))


def test_too_many_critical_ones_are_told_and_not_named() -> None:
    dags = [dag(f"team{number % 9}_{number}", tags=("critical",)) for number in range(400)]
    found = of(*dags)
    assert not found.waves[-1].name.endswith("critical")
    assert any("too many to be named" in line for line in found.told)


def test_what_a_plan_writes_gives_the_same_waves() -> None:
    for number in (5, 60, 700):
        dags = estate(number, seed=number)
        found = of(*dags)
        written = divided([(wave.name, wave.written, ()) for wave in found.waves], [item.dag_id for item in dags])
        assert {name: waves[0] for name, waves in written.items()} == {
            name: wave.name for wave in found.waves for name in wave.dags
        }


@given(st.dictionaries(st.text("ab_", min_size=1, max_size=6), st.sampled_from("xyz")), st.sampled_from("xyz"))
def test_shorthand_says_the_same_in_no_more_words(wave_of_dag: dict[str, str], rest: str) -> None:
    written = shorthand(wave_of_dag, rest)
    taken = divided([(wave, entries, ()) for wave, entries in written.items()], wave_of_dag)
    assert {name: waves[0] for name, waves in taken.items()} == wave_of_dag
    named = sum(wave != rest for wave in wave_of_dag.values())
    assert sum(map(len, written.values())) <= named + 1


def test_shorthand_of_crowded_names_parts_inside_words() -> None:
    ids = [f"dag{number:04}" for number in range(1000)]
    written = shorthand({name: "one" if name < "dag0500" else "two" for name in ids}, "two")
    assert written["two"] == ("*",)
    assert len(written["one"]) == 5
