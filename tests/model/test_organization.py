"""What is told of an organization, and what is not."""

from __future__ import annotations

from astroferry.model.organization import (
    DeploymentOptions,
    DeploySeen,
    OrganizationFacts,
    OrganizationSeen,
    RuntimeRelease,
)


def test_plans_are_compared_in_upper_case_and_runtimes_come_from_the_options() -> None:
    release = RuntimeRelease("3.3-8", "3.3.2")
    facts = OrganizationFacts(
        OrganizationSeen("cl1", "Acme", plans=("Team", "BUSINESS")), DeploymentOptions(runtime_releases=(release,))
    )
    assert facts.plans == ("TEAM", "BUSINESS")
    assert facts.runtimes == (release,)


def test_the_signed_upload_address_is_neither_shown_nor_compared() -> None:
    deploy = DeploySeen("dep", "cl1", "INITIALIZED", upload_url="https://blob.example/x?sig=made-up")
    assert "made-up" not in repr(deploy)
    assert deploy == DeploySeen("dep", "cl1", "INITIALIZED", upload_url="https://other")
