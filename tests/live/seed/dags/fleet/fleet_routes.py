"""An Airflow DAG that plans the routes of the day: dynamically mapped over depots."""

import pendulum
from marlow.compat import Variable, dag, task


@dag(
    dag_id="fleet_plan_routes",
    description="Plans the routes of all depots",
    schedule="0 4 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Berlin"),
    catchup=False,
    tags=["fleet", "mapped"],
    default_args={"owner": "fleet"},
)
def fleet_plan_routes():
    @task
    def depots():
        return Variable.get("fleet_settings", deserialize_json=True)["depots"]

    @task(pool="fleet_api")
    def plan(depot):
        return {"depot": depot, "stops": 12}

    @task
    def publish(plans):
        print(list(plans))

    publish(plan.expand(depot=depots()))


fleet_plan_routes()
