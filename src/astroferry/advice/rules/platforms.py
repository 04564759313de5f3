"""What is particular to a source on MWAA or Composer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from astroferry.advice.evidence import moving_dags, seen
from astroferry.advice.packages import bring
from astroferry.advice.rules.rule import Book, Case, Hit, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import Inventory

BOOK = Book("platforms")
_SIGNS = ("inventory.signs", "plan.waves")
_KIND = ("inventory.kind", "inventory.url", "inventory.dags")
_GOOGLE = frozenset({"google_cloud_default", "bigquery_default", "google_cloud_storage_default"})


def platform(inventory: Inventory) -> Literal["mwaa", "composer", ""]:
    """Where the source runs, by what it is taken for, its address, or where its DAG files lie."""
    if inventory.kind in {"mwaa", "composer"}:
        return "mwaa" if inventory.kind == "mwaa" else "composer"
    host = inventory.url.partition("://")[2].partition("/")[0]
    if host.endswith(".composer.googleusercontent.com") or any(
        dag.fileloc.startswith("/home/airflow/gcs/") for dag in inventory.dags
    ):
        return "composer"
    return "mwaa" if ".airflow.amazonaws.com" in host or host.endswith(".airflow.on.aws") else ""


@BOOK.rule("MWA-001", "advise", reads=_KIND, source="Astro docs: migrate-mwaa; AWS docs: startup scripts, plugins")
def mwaa_files(case: Case) -> Iterator[Hit]:
    """MWAA keeps code in plugins.zip, requirements.txt and startup.sh.

    Unpack plugins.zip into plugins/ of the Astro project. Copy requirements.txt with the versions that really run,
    without apache-airflow, watchtower and lines for MWAA's constraints or its plugins folder. From startup.sh, OS
    packages go into packages.txt, exports into the Deployment's environment, the rest into the Dockerfile: nothing on
    Astro runs when a container starts.
    """
    if platform(case.inventory) == "mwaa":
        yield Hit(
            "MWAA's plugins.zip, requirements.txt and startup.sh are not seen from here.",
            "Take them into an Astro project and deploy its image before the DAGs.",
        )


@BOOK.rule("MWA-005", "advise", reads=(*_KIND, "inventory.connections"), source="Astro docs: authorize-deployments")
def mwaa_role(case: Case) -> Iterator[Hit]:
    """DAGs on MWAA use the environment's execution role.

    They reach AWS without a key, and do not say so. Give the Deployment an IAM role (workload identity) with the same
    policies, the bucket and its KMS key among them, and leave aws_default without keys.
    """
    if platform(case.inventory) == "mwaa":
        yield Hit(
            "DAGs on MWAA reach AWS by its execution role, which Astro does not have.",
            "Give the Deployment an IAM role with the same policies.",
        )


@BOOK.rule("CMP-001", "warn", reads=_SIGNS, source="Google docs: Composer and Cloud Storage; Astro docs: migrate-gcc")
def composer_paths(case: Case) -> Iterator[Hit]:
    """DAG code names folders of Composer's bucket.

    /home/airflow/gcs is mounted on Composer only. dags/ and plugins/ are in the Astro project; files of data/ that do
    not change go into include/, others stay in Cloud Storage and are read with GCSHook (gs://...).
    """
    if found := seen(case, "composer-path"):
        yield found.hit(
            f"Folders of Composer's bucket are named in {found.who}: {listed(found.whats)}",
            "Read the files from Cloud Storage, or put them into include/.",
        )


@BOOK.rule("CMP-003", "warn", reads=_SIGNS, source="Astro docs: KubernetesPodOperator", confidence="medium")
def composer_pods(case: Case) -> Iterator[Hit]:
    """Pods are started as on Composer's own cluster.

    On Astro a pod runs in the Deployment's namespace: leave namespace and config_file out (in_cluster=True).
    Kubernetes Secrets of Composer's cluster are not there.
    """
    if found := seen(case, "pod"):
        yield found.hit(
            f"Pods are started with settings of another cluster in {found.who}: {listed(found.whats)}",
            "Leave namespace and config_file out.",
        )


@BOOK.rule(
    "CMP-004",
    "advise",
    reads=("inventory.dags",),
    source="inferred: the pods run on your cluster",
    confidence="medium",
)
def gke_pods(case: Case) -> Iterator[Hit]:
    """DAGs start pods on a GKE cluster of yours.

    That goes on, if Astro reaches the cluster's control plane and the Deployment's identity may use it.
    """
    moving = moving_dags(case)
    found = tuple(
        dag.dag_id
        for dag in case.inventory.dags
        if dag.dag_id in moving and any(name.startswith("GKE") for name in dag.operators)
    )
    if found:
        yield Hit(
            f"Pods on a GKE cluster of yours are started by {listed(found)}.",
            "Let Astro reach its control plane, and its identity use it.",
            listed(found),
            found,
        )


@BOOK.rule(
    "CMP-005",
    "advise",
    about="values.connections",
    reads=(*_KIND, "inventory.connections"),
    source="Google docs: Composer fills in the project; inferred",
    confidence="medium",
)
def composer_project(case: Case) -> Iterator[Hit]:
    """Composer fills in the Google Cloud project.

    Its default connections name none, since the environment does. On Astro set the project in each connection, and
    give the Deployment an identity that may use it.
    """
    names = [
        item.conn_id
        for item in case.inventory.connections
        if item.conn_id in _GOOGLE or item.conn_type == "google_cloud_platform"
    ]
    without = [
        item.conn_id
        for item in case.inventory.connections
        if item.conn_id in names and not any(key.endswith("project") for key in item.extra_keys)
    ]
    if platform(case.inventory) == "composer" and without:
        yield Hit(
            f"Connections to Google Cloud name no project: {listed(without)}.",
            "Set the project in them on Astro.",
            listed(without),
        )


@BOOK.rule("CMP-008", "advise", reads=_KIND, source="Google docs: PyPI packages; Astro docs: migrate-gcc")
def composer_packages(case: Case) -> Iterator[Hit]:
    """Composer keeps packages in its environment's settings.

    Take config.softwareConfig.pypiPackages into requirements.txt of the Astro project, and what DAGs import of the
    many packages that Composer has by itself, with the versions that run there.
    """
    if platform(case.inventory) == "composer":
        yield Hit(
            "Composer's PyPI packages are not seen from here.",
            bring(case, "those that DAGs import"),
        )
