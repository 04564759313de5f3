"""What the embedded Astro offers: runtimes, machines, regions and roles, as the real one does in 2026.

Sizes come from Astronomer's public documentation; where it gives none (EXTRA_LARGE schedulers) they are doubled on.
"""

from __future__ import annotations

from typing import Any

RUNTIMES: tuple[tuple[str, str, str], ...] = (
    ("3.3-8", "3.3.2", "2026-09-23"),
    ("3.2-10", "3.2.2", "2026-09-24"),
    ("3.1-21", "3.1.8", "2026-09-10"),
    ("3.0-18", "3.0.6", "2026-09-15"),
    ("13.11.0", "2.11.2", "2026-09-17"),
)
"""runtime version, Airflow version, release date; the first one is the newest"""

AIRFLOW_OF = {runtime: airflow for runtime, airflow, _ in RUNTIMES}

SCHEDULERS: dict[str, tuple[str, str]] = {
    "SMALL": ("1", "2Gi"),
    "MEDIUM": ("2", "4Gi"),
    "LARGE": ("4", "8Gi"),
    "EXTRA_LARGE": ("8", "16Gi"),
}
"""size -> cpu, memory"""

WORKERS: dict[str, tuple[int, int, int]] = {
    "A5": (1, 5, 15),
    "A10": (2, 10, 30),
    "A20": (4, 20, 60),
    "A40": (8, 40, 120),
    "A60": (12, 60, 180),
    "A120": (24, 120, 360),
    "A160": (32, 160, 480),
}
"""machine -> vCPU (GiB are twice that), default and greatest concurrency"""

REGIONS: dict[str, tuple[str, ...]] = {
    "AWS": ("us-east-1", "us-west-2", "eu-central-1", "eu-west-1", "ap-southeast-2"),
    "AZURE": ("eastus2", "westus2", "westeurope", "australiaeast"),
    "GCP": ("us-central1", "us-east4", "europe-west4", "australia-southeast1"),
}

ORGANIZATION_ROLES = (
    "ORGANIZATION_OWNER",
    "ORGANIZATION_BILLING_ADMIN",
    "ORGANIZATION_MEMBER",
    "ORGANIZATION_OBSERVE_ADMIN",
    "ORGANIZATION_OBSERVE_MEMBER",
)
WORKSPACE_ROLES = (
    "WORKSPACE_OWNER",
    "WORKSPACE_OPERATOR",
    "WORKSPACE_AUTHOR",
    "WORKSPACE_MEMBER",
    "WORKSPACE_ACCESSOR",
)


def _range(floor: float, default: float, ceiling: float) -> dict[str, float]:
    return {"floor": floor, "default": default, "ceiling": ceiling}


def _sizes(floor: str, default: str, ceiling: str) -> dict[str, str]:
    return {"floor": floor, "default": default, "ceiling": ceiling}


def deployment_options(executors: tuple[str, ...]) -> dict[str, Any]:
    """The answer to `getDeploymentOptions`."""
    return {
        "executors": list(executors),
        "runtimeReleases": [
            {
                "version": runtime,
                "airflowVersion": airflow,
                "channel": "stable",
                "releaseDate": f"{date}T00:00:00Z",
                "airflowDatabaseMigration": runtime.endswith("-1"),
                "stellarDatabaseMigration": False,
            }
            for runtime, airflow, date in RUNTIMES
        ],
        "schedulerMachines": [
            {"name": name, "spec": {"cpu": cpu, "memory": memory}} for name, (cpu, memory) in SCHEDULERS.items()
        ],
        "workerMachines": [
            {
                "name": name,
                "concurrency": _range(1, default, ceiling),
                "spec": {
                    "cpu": str(cpu),
                    "memory": f"{2 * cpu}Gi",
                    "ephemeralStorage": "10Gi",
                    "concurrency": default,
                },
            }
            for name, (cpu, default, ceiling) in WORKERS.items()
        ],
        "workerQueues": {
            "minWorkers": _range(0, 0, 10),
            "maxWorkers": _range(1, 10, 200),
            "workerConcurrency": _range(1, 16, 480),
        },
        "resourceQuotas": {
            "resourceQuota": {"cpu": _sizes("1", "10", "1600"), "memory": _sizes("2Gi", "20Gi", "3200Gi")},
            "defaultPodSize": {"cpu": _sizes("0.25", "0.25", "32"), "memory": _sizes("0.5Gi", "0.5Gi", "64Gi")},
        },
        "workloadIdentityOptions": [],
    }


def cluster_options(provider: str) -> dict[str, Any]:
    """One entry of the answer to `getClusterOptions`."""
    instance = {"name": "standard", "cpu": 4, "memory": "16Gi"}
    regions = [{"name": name} for name in REGIONS[provider]]
    options: dict[str, Any] = {
        "provider": provider,
        "databaseInstances": [instance],
        "defaultDatabaseInstance": instance,
        "nodeInstances": [instance],
        "defaultNodeInstance": instance,
        "nodeCountMin": 2,
        "nodeCountMax": 100,
        "nodeCountDefault": 20,
        "regions": regions,
        "defaultRegion": regions[0],
        "defaultVpcSubnetRange": "172.20.0.0/19",
    }
    if provider == "GCP":
        options |= {
            "defaultPodSubnetRange": "172.21.0.0/19",
            "defaultServiceSubnetRange": "172.22.0.0/22",
            "defaultServicePeeringRange": "172.23.0.0/20",
        }
    return options
