from __future__ import annotations

import sys
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astroferry.code.read import CodeSeen, Facts, read


def seen(text: str) -> CodeSeen:
    return read(dedent(text))


def test_reads_dependencies_inside_a_with_block() -> None:
    facts = seen("""
        from airflow import DAG
        with DAG("a", schedule="@daily") as dag:
            TriggerDagRunOperator(task_id="t", trigger_dag_id="b")
            ExternalTaskSensor(task_id="s", external_dag_id="c")
    """).of("a")
    assert facts.triggers == {"b"}
    assert facts.waits_for == {"c"}
    assert not facts.computed


def test_each_dag_of_a_file_has_its_own_part() -> None:
    code = seen("""
        with DAG("a"):
            TriggerDagRunOperator(task_id="t", trigger_dag_id="x")
        with DAG(dag_id="b") as dag_b:
            TriggerDagRunOperator(task_id="t", trigger_dag_id="y")
        TriggerDagRunOperator(task_id="t", trigger_dag_id="z", dag=dag_b)
        TriggerDagRunOperator(task_id="t", trigger_dag_id="everyone")
    """)
    assert code.of("a").triggers == {"x", "everyone"}
    assert code.of("b").triggers == {"y", "z", "everyone"}
    assert code.of("not here").triggers == {"everyone"}


def test_a_dag_object_used_later() -> None:
    code = seen("""
        dag = DAG("a")
        with dag:
            TriggerDagRunOperator(trigger_dag_id="b")
        t = PythonOperator(dag=dag, postgres_conn_id="pg")
    """)
    assert code.dags["a"].triggers == {"b"}
    assert code.dags["a"].connections == {"pg"}


def test_the_decorator_names_the_dag_by_function_or_by_argument() -> None:
    code = seen("""
        from airflow.decorators import dag as make
        from airflow.sdk import dag
        @make(schedule=[Dataset("s3://in")])
        def orders():
            Variable.get("x")
        @dag(dag_id="named")
        def other(): pass
        @dag
        def bare(): pass
        @dag(dag_id=compute())
        def hidden(): pass
        @task
        def no(): pass
    """)
    assert set(code.dags) == {"orders", "named", "bare"}
    assert code.dags["orders"].consumes == {"s3://in"}
    assert code.dags["orders"].variables == {"x"}
    assert code.computed_dag_ids


def test_import_aliases_are_followed() -> None:
    facts = seen("""
        from airflow.operators.trigger_dagrun import TriggerDagRunOperator as T
        from airflow.models import Variable as V
        import airflow.sdk as sdk
        with sdk.DAG("a"):
            T(task_id="t", trigger_dag_id="b")
            V.get("v")
            sdk.Variable.get("w")
            sdk.Connection.get("c")
    """).of("a")
    assert facts.triggers == {"b"}
    assert facts.variables == {"v", "w"}
    assert facts.connections == {"c"}


def test_constants_f_strings_and_sums_are_read() -> None:
    facts = seen("""
        TEAM = "sales"
        NEXT: str = f"{TEAM}_load" + "_v2"
        with DAG("a"):
            TriggerDagRunOperator(trigger_dag_id=NEXT)
    """).of("a")
    assert facts.triggers == {"sales_load_v2"}


@pytest.mark.parametrize(
    "expression",
    [
        "compute()",
        "'{{ var.value.next }}'",
        "changed",
        "parameter",
        "looped",
        "unpacked",
        "itself",
        "f'{7:d}x'",
        "3",
        "1 + 'x'",
        "added",
    ],
)
def test_what_is_computed_is_said_to_be(expression: str) -> None:
    facts = seen(f"""
        changed = "a"
        changed = "b"
        unpacked, other = "a", "b"
        itself = itself
        added = "a"
        added += "b"
        for looped in ["a"]:
            pass
        def f(parameter):
            with DAG("a"):
                TriggerDagRunOperator(trigger_dag_id={expression})
    """).of("a")
    assert facts.triggers == set()
    assert [place.split(": ")[1] for place in facts.computed] == ["trigger_dag_id"]


def test_datasets_of_schedule_and_outlets() -> None:
    facts = seen("""
        IN = Dataset("s3://in")
        ALL = [IN, Asset(uri="s3://in2", name="n")]
        with DAG("a", schedule=ALL):
            BashOperator(outlets=[Dataset("s3://out"), Dataset(f"s3://{env()}")], inlets=[Dataset("s3://not")])
        with DAG("b", schedule=(IN & Asset("s3://x")) | Asset("s3://y")):
            pass
        with DAG("c", schedule=DatasetOrTimeSchedule(timetable=T("@daily"), datasets=[IN])):
            pass
    """)
    assert facts.of("a").consumes == {"s3://in", "s3://in2"}
    assert facts.of("a").produces == {"s3://out"}
    assert {place.split(": ")[1] for place in facts.of("a").computed} == {"dataset"}
    assert facts.of("b").consumes == {"s3://in", "s3://x", "s3://y"}
    assert facts.of("c").consumes == {"s3://in"}


def test_variables_and_connections_in_templates() -> None:
    facts = seen("""
        with DAG("a"):
            BashOperator(bash_command="{{ var.value.x }} {{ var.json.y.z }} {{ var.value.get('a-b', 1) }}")
            BashOperator(bash_command="{% if conn.pg.host %}{{ conn.get('s.ftp').host }}{% endif %}")
            BashOperator(bash_command="no template: var.value.n conn.n")
    """).of("a")
    assert facts.variables == {"x", "y", "a-b"}
    assert facts.connections == {"pg", "s.ftp"}


def test_connections_by_argument_default_args_and_hook() -> None:
    facts = seen("""
        with DAG("a", default_args={"snowflake_conn_id": "snow", "retries": 1, **more}):
            PostgresOperator(postgres_conn_id="pg", conn_id="c", aws_conn_id=None, http_conn_id="")
            BaseHook.get_connection("hook")
            BaseHook.get_connection(conn_id="named")
            HttpHook(http_conn_id=pick())
            Op(gcp_conn_id="{{ params.conn }}")
    """).of("a")
    assert facts.connections == {"snow", "pg", "c", "hook", "named"}
    assert sorted(place.split(": ")[1] for place in facts.computed) == ["gcp_conn_id", "http_conn_id"]


def test_other_getters_and_starred_arguments_are_left_alone() -> None:
    facts = seen("""
        import os
        os.environ.get("X"); {}.get("y"); Variable.get(); Variable.get(*args); f()["a"]()
        ExternalTaskSensor(task_id="no id")
    """).of("any")
    assert facts == Facts()


def test_a_dag_with_a_computed_id_is_said_to_be() -> None:
    code = seen("""
        for name in ["a", "b"]:
            with DAG(f"dag_{name}", schedule=[Dataset("s3://in")]):
                TriggerDagRunOperator(trigger_dag_id="x")
    """)
    assert code.computed_dag_ids
    assert code.dags == {}
    assert code.of("dag_a").triggers == {"x"}
    assert code.of("dag_a").consumes == {"s3://in"}


@pytest.mark.parametrize("text", ["def (", "\0", "print 'two'"])
def test_what_is_not_python_is_an_error_not_an_exception(text: str) -> None:
    assert "not readable as Python" in read(text).error


def test_invalid_escapes_do_not_warn() -> None:
    assert read(r'x = "\d"').error == ""


def test_deep_nesting_is_an_error_not_an_exception() -> None:
    assert read("x = " + "-" * 100_000 + "1").error
    text = "x = 1" + " + 1" * (sys.getrecursionlimit() // 2)
    assert read(text).error in {"", "nested too deeply to be read"}


def test_walking_too_deep_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def deep(*_args: object) -> None:
        raise RecursionError

    monkeypatch.setattr("astroferry.code.read._Reader.walk", deep)
    assert read("x = 1").error == "nested too deeply to be read"


@given(st.text())
def test_any_text_is_read_without_an_exception(text: str) -> None:
    read(text)


def test_executor_configs_are_noticed() -> None:
    code = seen("""
        with DAG("a"):
            PythonOperator(task_id="t", executor_config={"pod_override": pod})
        with DAG("b"):
            PythonOperator(task_id="t")
    """)
    assert code.of("a").executor_configs == {"line 3"}
    assert code.of("b").executor_configs == set()
