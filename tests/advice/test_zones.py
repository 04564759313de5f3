from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from astroferry.advice.zones import choose_zone
from astroferry.model.inventory import Schedule

DAILY = Schedule("cron", "30 2 * * *", "UTC")
WINTER = datetime(2026, 11, 26, 1, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def test_the_zone_that_the_dag_s_own_call_names_is_taken_where_it_fits() -> None:
    assert choose_zone(DAILY, ["Europe/Berlin"], ["UTC"], [WINTER]) == ("Europe/Berlin", "")


def test_a_zone_from_elsewhere_in_the_file_is_taken_where_the_own_one_does_not_fit() -> None:
    assert choose_zone(DAILY, ["Asia/Tokyo"], ["UTC", "Europe/Berlin"], [WINTER]) == ("Europe/Berlin", "")


def test_zones_that_fit_alike_but_part_later_are_not_guessed_between() -> None:
    zone, why = choose_zone(DAILY, [], ["Africa/Lagos", "Europe/Berlin"], [WINTER])
    assert zone == ""
    assert "Africa/Lagos and Europe/Berlin both fit" in why


def test_zones_that_never_part_are_as_good_as_one() -> None:
    zone, _ = choose_zone(DAILY, ["Europe/Paris", "Europe/Berlin"], [], [WINTER])
    assert zone == "Europe/Berlin"


def test_earlier_runs_decide_between_zones_that_fit_the_next_one() -> None:
    summer = datetime(2026, 10, 20, 0, 30, tzinfo=UTC)
    assert choose_zone(DAILY, [], ["Africa/Lagos", "Europe/Berlin"], [WINTER, summer]) == ("Europe/Berlin", "")


def test_where_nothing_fits_the_reason_names_what_was_tried() -> None:
    zone, why = choose_zone(DAILY, ["Europe/Rome2"], ["UTC"], [WINTER])
    assert zone == ""
    assert "gives in none of Europe/Rome2, UTC" in why


@pytest.mark.parametrize("own", [["Europe/Berlin"], []])
def test_without_a_due_run_only_an_own_zone_can_be_known(own: list[str]) -> None:
    zone, why = choose_zone(DAILY, own, ["UTC", "Europe/Rome"], [None])
    assert (zone, bool(why)) == (own[0] if own else "", not own)
