from __future__ import annotations

import dataclasses
import tomllib
import types
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astroferry.errors import Exit, NewerFormatError, PlanError, Problem
from astroferry.model import plan as plan_module
from astroferry.model.naming import as_wave
from astroferry.model.plan import (
    Confirmation,
    Cutover,
    Decisions,
    Deployment,
    PlacePath,
    Plan,
    Source,
    Values,
    Wave,
    Workspace,
)
from astroferry.model.planfile import dump, load, parse, save, save_wave_state

if TYPE_CHECKING:
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ODD = "a\"b'c\\d\n\t\r\x00\x1c\x7f\x85\u2028😀 # = [x] \"\"\" '''"


def anything(kind: Any) -> SearchStrategy[Any]:
    """Any object of a type as a plan's dataclasses use it, without regard to sense."""
    simple: dict[Any, SearchStrategy[Any]] = {
        str: st.text(max_size=12) | st.just(ODD),
        bool: st.booleans(),
        int: st.integers(),
        float: st.floats(allow_nan=False, allow_infinity=False),
        datetime: st.datetimes(timezones=st.just(UTC)) | st.datetimes(),
        type(None): st.none(),
    }
    if kind in simple:
        return simple[kind]
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = {name: hint for name, hint in get_type_hints(kind).items() if get_origin(hint) is not ClassVar}
        return st.builds(kind, **{name: anything(hint) for name, hint in hints.items() if name != "format"})
    inner = get_args(kind)
    if get_origin(kind) is Literal:
        return st.sampled_from(inner)
    if get_origin(kind) in {Union, types.UnionType}:
        return st.one_of(*map(anything, inner))
    if get_origin(kind) is tuple:
        return st.lists(anything(inner[0]), max_size=3).map(tuple)
    assert get_origin(kind) is dict
    return st.dictionaries(st.text(max_size=8), anything(inner[1]), max_size=3)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(anything(Plan))
def test_any_plan_comes_back_as_it_was(plan: Plan) -> None:
    assert parse(dump(plan), "p", unfinished=True) == plan


def test_a_plan_with_odd_text_everywhere_comes_back_as_it_was(plan: Plan, tmp_path: Path) -> None:
    odd = replace(
        plan,
        name=ODD,
        values=Values(connections="export-file", connections_file=ODD, skip_variables=(ODD, "")),
        workspaces=(Workspace("data", description=ODD),),
        deployments=(
            Deployment("data-test", "data", description=ODD, environment={"EMPTY": "", "odd key\n": ODD}),
            Deployment("data-prod", "data"),
        ),
        waves=(replace(plan.waves[0], dags=()), Wave(as_wave(ODD), "data-test", "data-prod", without=(ODD,))),
        places=(PlacePath("pg", "vpn"), PlacePath("pg", "public", 5432)),
        confirmed=(Confirmation("what", ODD, AT),),
        decided=("target",),
        review_again=("cluster",),
    )
    path = tmp_path / "migration.toml"
    save(odd, path)
    assert load(path) == odd


def test_what_is_empty_on_purpose_stays_empty(plan: Plan) -> None:
    none = replace(plan, waves=(Wave("none", "data-test", "data-prod", dags=()),))
    assert parse(dump(none), "p").waves[0].dags == ()
    no_region = replace(plan, decisions=replace(plan.decisions, region=""))
    assert parse(dump(no_region), "p").decisions.region == ""


def test_the_file_explains_itself(plan: Plan) -> None:
    text = dump(replace(plan, places=(PlacePath("pg.example.com", "vpn"),), confirmed=(Confirmation("x", "me", AT),)))
    lines = text.splitlines()
    for section, word in (
        ("[source]", "# Where we come from"),
        ("[decisions]", "# The decision points"),
        ("[[waves]]", "# dags:"),
        ("places = [", "# Network paths"),
        ("[[deployments]]", "# role:"),
    ):
        assert lines[lines.index(section) - 1].startswith(word)
        assert sum(line.startswith(word) for line in lines) == 1
    assert lines[0].startswith("# The plan of a migration")
    assert text.endswith("\n")
    assert "None" not in text
    assert 'description = ""' not in text


def test_a_plan_may_name_only_what_it_must() -> None:
    plan = parse('name = "n"\ncreated = 2026-11-22T12:00:00Z\n[source]\nurl = "http://x"\n', "p")
    assert plan == Plan("n", Source("http://x"), AT)


def test_whole_numbers_serve_as_seconds(plan: Plan) -> None:
    assert parse(dump(plan).replace("poll = 5.0", "poll = 2"), "p").cutover == Cutover(poll=2.0)


# -- what is wrong ---------------------------------------------------------------------------------------------------


def problems(text: str) -> dict[str, Problem]:
    with pytest.raises(PlanError) as caught:
        parse(text, "migration.toml")
    assert caught.value.exit == Exit.PLAN
    return {problem.where: problem for problem in caught.value.problems}


def test_every_problem_is_listed_at_once_with_its_place() -> None:
    text = """\
name = 7
created = "yesterday"
colour = "red"

[source]
url = "http://x"
credential = "prompt"
kind = "cron"

[cutover]
poll = "often"
watch_ticks = 2.5

[decisions]
cron_data_intervals = "yes"

[[waves]]
name = "a"
test = "t"
dags = "x"
without = ["ok", 3]
stat = "planned"

[[deployments]]
name = "d"
workspace = "w"
environment = { A = 1 }
[values]
skip_connections = { a = 1 }
[code]
dags_folder = ["x"]
"""
    with pytest.raises(PlanError) as caught:
        parse(text, "migration.toml")
    assert str(caught.value).splitlines() == [
        "migration.toml cannot be used: 15 problems.",
        "  migration.toml:1 name: must be text in quotes",
        "  migration.toml:2 created: must be a date and time, such as 2026-11-22T10:00:00Z",
        "  migration.toml:3 colour: is not known here; known: "
        + ", ".join(field.name for field in dataclasses.fields(Plan)),
        '  migration.toml:7 source.credential: is not known here; did you mean "credentials"?',
        "  migration.toml:8 source.kind: must be one of 'airflow', 'mwaa', 'composer' or 'demo'",
        "  migration.toml:11 cutover.poll: must be a number",
        "  migration.toml:12 cutover.watch_ticks: must be a whole number",
        "  migration.toml:15 decisions.cron_data_intervals: must be true or false",
        "  migration.toml:17 waves[1].production: is missing",
        "  migration.toml:20 waves[1].dags: must be a list in [brackets]",
        "  migration.toml:21 waves[1].without[2]: must be text in quotes",
        '  migration.toml:22 waves[1].stat: is not known here; did you mean "state"?',
        "  migration.toml:27 deployments[1].environment.A: must be text in quotes",
        "  migration.toml:29 values.skip_connections: must be a list in [brackets]",
        "  migration.toml:31 code.dags_folder: must be text in quotes",
    ]


def test_contradictions_are_listed_with_their_place(plan: Plan) -> None:
    wrong = replace(
        plan,
        decisions=Decisions(airflow="2", runtime="3.3-8"),
        waves=(plan.waves[0], Wave("rest", "nowhere", "data-prod")),
    )
    text = dump(wrong)
    found = problems(text)
    assert set(found) == {"decisions.runtime", "waves[2].test"}
    for problem in found.values():
        assert problem.line is not None
        assert problem.file == "migration.toml"
    assert text.splitlines()[(found["waves[2].test"].line or 0) - 1] == 'test = "nowhere"'
    assert parse(text, "p", unfinished=True) == wrong


def test_one_problem_is_counted_as_one() -> None:
    with pytest.raises(PlanError, match=r"cannot be used: 1 problem\.\n  p created: is missing"):
        parse('name = "n"\n[source]\nurl = "http://x"\n', "p")


def test_names_that_look_like_positions_are_not_counted_as_such(plan: Plan) -> None:
    wrong = replace(plan.deployments[0], environment={"9_TOKEN": "x", "A.1_TOKEN": "x"})
    found = problems(dump(replace(plan, deployments=(wrong, plan.deployments[1]))))
    assert set(found) == {"deployments[1].environment.9_TOKEN", "deployments[1].environment.A.1_TOKEN"}


def test_no_message_repeats_a_value() -> None:
    text = 'name = 1\npassword = "canary"\n[source]\nurl = ["canary"]\ncredentials = "canary"\nkind = "canary"\n'
    with pytest.raises(PlanError) as caught:
        parse(text, "p")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["name = ", "[a]\n[a]\n", "a = 1\na = 2\n", "x = 2026-13-45\n", "n = " + "1" * 5000 + "\n", "\x00"],
    ids=["cut off", "table twice", "key twice", "no date", "huge", "nul"],
)
def test_no_toml_is_one_sentence(text: str) -> None:
    with pytest.raises(PlanError, match=r"^migration\.toml is not valid TOML: .*\.$"):
        parse(text, "migration.toml")


@pytest.mark.parametrize("value", ["nan", "inf", "-1.0", "0"])
def test_nonsense_numbers_are_refused(plan: Plan, value: str) -> None:
    found = problems(dump(plan).replace("poll = 5.0", f"poll = {value}"))
    assert set(found) == {"cutover.poll"}


def test_local_times_and_dates_are_read_and_times_alone_are_not(plan: Plan) -> None:
    assert parse(dump(plan).replace(str(plan.created), "2026-11-22T10:00:00"), "p").created == datetime(  # noqa: DTZ001
        2026, 11, 22, 10
    )
    assert set(problems(dump(plan).replace(str(plan.created), "10:00:00"))) == {"created"}


def test_a_newer_format_is_refused_with_a_sentence(plan: Plan) -> None:
    newer = f"format = {plan_module.FORMAT + 1}"
    with pytest.raises(NewerFormatError, match=r"p has format 2; this astroferry reads up to 1\. Upgrade astroferry"):
        parse(dump(plan).replace("format = 1", newer) + "\n[unknown]\n", "p")
    assert set(problems(dump(plan).replace("format = 1", 'format = "2"'))) == {"format"}


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="There is no plan at"):
        load(tmp_path / "migration.toml")


def whole_plan() -> dict[str, Any]:
    """A plan as plain tables, with something in every list."""
    plan = Plan(
        "n",
        Source("http://x"),
        AT,
        places=(PlacePath("h", "vpn", 1), PlacePath("i", "vpn", 2)),
        workspaces=(Workspace("w", "text"),),
        deployments=tuple(Deployment(name, "w", environment={"A": "b"}) for name in ("d" * 40, "e" * 70)),
        waves=(Wave("one", "d" * 40, "e" * 70), Wave("two", "d" * 40, "d" * 40, dags=("x", "y"))),
        confirmed=(Confirmation("what", "who", AT),),
    )
    return tomllib.loads(dump(plan))


def tables(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Paths of all tables in which a key can be unknown."""
    found: list[tuple[str | int, ...]] = []
    if isinstance(value, dict):
        found += [] if path[-1:] == ("environment",) else [path]
        for key, item in value.items():
            found += tables(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            found += tables(item, (*path, number))
    return found


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Paths of all single values."""
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for number, item in enumerate(value) for leaf in leaves(item, (*path, number))]
    return [path]


def at(tree: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        tree = tree[part]
    return tree


def counted(path: tuple[str | int, ...]) -> str:
    """A path as messages show it: `waves[1].state`."""
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_every_planted_mistake_is_reported_where_it_stands(data: st.DataObject) -> None:
    raw = whole_plan()
    unknown = data.draw(st.sets(st.sampled_from(tables(raw)), max_size=6))
    mistyped = data.draw(st.sets(st.sampled_from(leaves(raw)), max_size=6, min_size=0 if unknown else 1))
    expected: dict[str, str] = {}
    for number, path in enumerate(sorted(mistyped, key=str)):
        # A number where text is wanted, text where a number or a date is wanted; each one of its kind in the file.
        wrong = 770_000 + number if isinstance(at(raw, path), str) else f"mistake {number}"
        at(raw, path[:-1])[path[-1]] = wrong
        expected[counted(path)] = str(wrong)
    for number, path in enumerate(sorted(unknown, key=str)):
        at(raw, path)[f"planted_{number}"] = number
        expected[counted((*path, f"planted_{number}"))] = f"planted_{number} "
    text = tomli_w.dumps(raw)
    found = problems(text)
    assert set(found) == set(expected)
    for where, mark in expected.items():
        line = found[where].line
        assert line is not None
        assert mark in text.splitlines()[line - 1]
        if mark.startswith("planted"):
            assert found[where].message.startswith("is not known here")


# -- the one edit that keeps everything else -----------------------------------------------------------------------

HEAD = """\
# mine [[waves]]
name = "n" # state = "planned"
created = 2026-11-22T12:00:00Z
workspaces = [{name = "w"}]
deployments = [{name = "d", workspace = "w"}]
{waves}
[source] # end
url = "http://x"
"""


@pytest.mark.parametrize(
    ("waves", "expected"),
    [
        (
            (
                '[[waves]] # state = "x"\nname = "a"\ntest="d"\nproduction="d"\ndags=["x"]\nstate="planned" # mine\n'
                '[[waves]]\n  state="planned"# mine\nname = "b"\ntest="d"\nproduction="d"\n'
            ),
            (
                '[[waves]] # state = "x"\nname = "a"\ntest="d"\nproduction="d"\ndags=["x"]\nstate="planned" # mine\n'
                '[[waves]]\n  state="cut over"# mine\nname = "b"\ntest="d"\nproduction="d"\n'
            ),
        ),
        (
            "[[waves]]\nstate\t=   'planned'\nname = 'b' # state\ntest='d'\nproduction='d'\n",
            "[[waves]]\nstate\t=   \"cut over\"\nname = 'b' # state\ntest='d'\nproduction='d'\n",
        ),
        (
            '[[waves]]\n"state"="""planned"""\nname = "b"\ntest="d"\nproduction="d"\n',
            '[[waves]]\n"state"="cut over"\nname = "b"\ntest="d"\nproduction="d"\n',
        ),
        (
            '[[waves]]\ntest="d"\nname = "b"   # mine\nproduction="d"\n',
            '[[waves]]\ntest="d"\nname = "b"   # mine\nstate = "cut over"\nproduction="d"\n',
        ),
        (
            (
                'waves = [\n  {name="a", test="d", production="d", dags=["x"]}, # {name = "b"\n'
                '  {name="b", state="planned", test="d", production="d"}, # mine\n]\n'
            ),
            (
                'waves = [\n  {name="a", test="d", production="d", dags=["x"]}, # {name = "b"\n'
                '  {name="b", state="cut over", test="d", production="d"}, # mine\n]\n'
            ),
        ),
        (
            'waves = [ {name="b", test="d", production="d"} ]\n',
            'waves = [ {name="b", state = "cut over", test="d", production="d"} ]\n',
        ),
    ],
    ids=["tables", "single quotes", "triple quotes", "no state", "inline", "inline, no state"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_waves_state_is_written_and_every_other_byte_stays(
    tmp_path: Path, waves: str, expected: str, end: str
) -> None:
    path = tmp_path / "migration.toml"
    before, after = (HEAD.replace("{waves}", text).replace("\n", end).encode() for text in (waves, expected))
    path.write_bytes(before)
    plan = load(path).with_wave_state("b", "cut over")
    save_wave_state(plan, path, "b")
    assert path.read_bytes() == after
    # `x` of wave "a" and so on: all that the file says but this one state is as it was
    assert load(path) == plan


@settings(deadline=None, max_examples=10)
@given(
    # A * can only stand at the end of a DAG's id, which these names are too.
    names=st.lists(
        st.text(st.characters(exclude_characters="*", codec="utf-8"), min_size=1, max_size=6).filter(str.strip),
        min_size=1,
        max_size=3,
        unique=True,
    ),
    state=st.sampled_from(plan_module.WAVE_STATES),
    data=st.data(),
)
def test_states_written_into_our_own_file_change_one_value(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], state: plan_module.WaveState, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("plan") / "migration.toml"
    waves = tuple(Wave(name, "d", "d", dags=(name,), state="tested") for name in names)
    plan = Plan("n", Source("http://x"), AT, workspaces=(Workspace("w"),), deployments=(Deployment("d", "w"),))
    save(replace(plan, waves=waves), path)
    before = path.read_bytes()
    wave = data.draw(st.sampled_from(names))
    # Not every one of these names is allowed, but each has to be found in the text, and left as it is.
    changed = load(path, unfinished=True).with_wave_state(wave, state)
    save_wave_state(changed, path, wave)
    assert load(path, unfinished=True) == changed
    save_wave_state(changed.with_wave_state(wave, "tested"), path, wave)
    assert path.read_bytes() == before


def test_waves_moved_by_the_user_meanwhile_are_found_by_name(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "migration.toml"
    save(replace(plan, name="edited meanwhile", waves=plan.waves[::-1]), path)
    save_wave_state(plan.with_wave_state("first", "tested"), path, "first")
    assert [(wave.name, wave.state) for wave in load(path).waves] == [("rest", "planned"), ("first", "tested")]
    assert load(path).name == "edited meanwhile"


@pytest.mark.parametrize("text", ["broken =", "waves = 1", "waves = [1]", "[[waves]]\nname = 'other'\n", ""])
def test_a_file_broken_by_the_user_meanwhile_is_left_alone(plan: Plan, tmp_path: Path, text: str) -> None:
    path = tmp_path / "migration.toml"
    path.write_text(text)
    with pytest.raises(PlanError, match=r'edited meanwhile: the wave "first" cannot be found'):
        save_wave_state(plan, path, "first")
    assert path.read_text() == text
