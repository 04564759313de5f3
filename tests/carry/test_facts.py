"""What the advice is told of an organization, and what a token that may not ask leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from astroferry.carry.opening import read_facts
from astroferry.errors import NotAllowedError
from astroferry.model.organization import DeploymentOptions, DeploymentSeen, OrganizationSeen

if TYPE_CHECKING:
    from astroferry.clients.astro import Astro

REGIONS: list[dict[str, Any]] = [
    {"provider": "AWS", "regions": [{"name": "us-east-1"}, {"name": "eu-west-1"}]},
    {"provider": "GCP"},
]


class FakeAstro:
    """An organization in memory; `may_ask` for what clusters may be."""

    organization = OrganizationSeen("o", "Acme")

    def __init__(self, *, may_ask: bool) -> None:
        self.may_ask = may_ask

    async def deployment_options(self, **query: str) -> DeploymentOptions:
        assert query["cloudProvider"] == "AWS"
        return DeploymentOptions()

    async def clusters(self) -> tuple[()]:
        return ()

    workspaces = clusters

    async def deployments(self) -> tuple[DeploymentSeen, ...]:
        raw: tuple[dict[str, Any], ...] = (
            {"cloudProvider": "AWS", "region": "eu-south-2"},
            {"cloudProvider": "GCP", "region": "us-east4"},
            {},
        )
        standard = (DeploymentSeen("d", "d", "w", "HEALTHY", type="STANDARD", raw=each) for each in raw)
        return (*standard, DeploymentSeen("e", "e", "w", "HEALTHY", type="DEDICATED", raw=raw[1]))

    async def cluster_options(self) -> list[dict[str, Any]]:
        if not self.may_ask:
            raise NotAllowedError("no")
        return REGIONS


@pytest.mark.parametrize("may_ask", [True, False])
async def test_regions_are_told_by_the_organization(*, may_ask: bool) -> None:
    found = await read_facts(cast("Astro", FakeAstro(may_ask=may_ask)), "AWS")
    assert found.dedicated_regions == ({"AWS": ("us-east-1", "eu-west-1"), "GCP": ()} if may_ask else {})
    assert (found.standard_regions("AWS"), found.standard_regions("GCP")) == (("eu-south-2",), ("us-east4",))
