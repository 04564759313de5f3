"""The walk of snapshots/walk: the whole wizard by keys at 80x24 in tmux, each page kept as the terminal showed it.

Run: python -m benchmarks.walk    (writes snapshots/walk/*.txt; needs tmux; about nine minutes)

The source is the demo's, Harbor Lines, with one file more that does not parse on Astro; the Airflow behind the
embedded Astro is a real one, as in the demo. Times and ids differ from run to run, so nothing compares these files:
they are for people. The folder stands in /tmp under a name as long as /home/ada, which takes its place in the files.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from pathlib import Path

from benchmarks.sitting import KEPT, LONG, SOURCE_PORT, Sitting, seated, servers

from astroferry.simulator.real.install import ensure

NAME, DEPLOYMENT = "harbor", "harbor-production"
BOARD, TICKS = "fleet_arrival_board", "fleet_position_ticks"
"""the source's two DAGs that run every 20 seconds"""
BROKEN = "club_points"
GO_ON = f"Go on with {NAME}"


def without_a_token(here: Sitting) -> None:
    """The doctor, a new migration that cannot connect yet, and out again."""
    here.run("astroferry doctor")
    here.keep("01-doctor", "package uv ")
    here.run("astroferry")
    here.keep("02-opening-empty", "Start a new migration")
    here.press("Enter")
    here.keep("03-name", "be called")
    here.type(NAME, "Enter")
    here.keep("04-prerequisites", " 1 of 19")
    here.press("F2")
    here.keep("05-token-missing", "F5 asks Astro for it")
    here.press("F5")
    here.keep("06-token-not-given", "Token for Astro")
    here.press("Escape", "F10")
    here.keep("07-menu", "What went wrong last")
    here.press("Down", "Enter")
    here.keep("08-left", "Go on with: ")


def reading(here: Sitting, base: Path) -> None:
    """With a token: the first three stages, the reading cancelled and gone on with."""
    here.run("astroferry")
    here.keep("09-opening-with-a-plan", GO_ON)
    here.press("Enter")
    here.keep("10-resumed", " 1 of 19")
    here.press("Tab")
    here.keep("11-token-source")
    here.press("Home", "Enter", "F5")
    here.keep("12-connected", "Suggested c")
    here.press("F2")
    here.keep("13-source", " 2 of 19")
    here.type(f"http://127.0.0.1:{SOURCE_PORT}", "Tab", "Tab")
    here.type(f"{base}/code/dags/")
    here.keep("14-source-typed")
    here.press("F5")
    here.rest(quiet=2)
    here.keep("15-folder-read")
    here.press("F2")
    here.wait(r"dag details +[1-9]")
    here.keep("16-reading")
    here.press("F7")
    here.keep("16b-so-far")
    here.press("Escape", "C-c")
    here.keep("17-cancelled", "Cancelled")
    here.press("F5")
    here.keep("18-inventory", "✓ .*ead in ")


def deciding(here: Sitting) -> None:
    """All decisions, as suggested but for the cluster, up to the review."""
    for number, name in ((4, "19-version"), (5, "20-execution"), (6, "21-cluster")):
        here.press("F2")
        here.keep(name, f" {number} of 19")
    here.press("Home", "Enter")
    here.keep("22-cluster-standard")
    here.press("F2")
    here.keep("23-networking", " 7 of 19")
    here.press("F7")
    here.keep("23b-places", "host +port")
    here.press("Escape", "Home")
    for number, name in ((8, "24-workspaces"), (9, "25-secrets"), (10, "26-values"), (11, "27-waves")):
        here.press("F2")
        here.keep(name, f" {number} of 19")
    here.press("F7")
    here.keep("28-dags", "/ filters")
    chosen(here, "fleet", "29-dags-filtered")
    here.press("Down", "Space", "Down", "Space", "w")
    here.keep("30-into-wave", "into which wave")
    here.press("Home", "Enter")
    for dag in (BOARD, TICKS):
        chosen(here, dag)
        here.press("Space")
    here.press("w", "End", "Enter")
    here.type("fast")
    here.keep("31-into-a-new-wave", "Name of the new wave")
    here.press("Enter", "F2")
    here.keep("32-waves-taken", "11 of 19")
    here.press("F2")
    here.keep("33-review", "12 of 19")


def chosen(here: Sitting, words: str, name: str = "") -> None:
    """The list of DAGs, filtered."""
    here.press("/", "C-u")
    here.type(words, "Enter")
    if name:
        here.keep(name)


def carrying(here: Sitting) -> None:
    """Carrying out begins, is paused and goes on, until the terminal is closed."""
    here.press("F2")
    here.keep("35-confirm", "To confirm")
    here.confirm(DEPLOYMENT)
    here.keep("36-carrying", "2 of 7", LONG)
    here.press("F4")
    here.keep("37-log", "[34] of 7", LONG)
    here.wait("7 of 7", LONG)
    here.press("p")
    here.keep("38-paused", "paused: nothing", LONG)
    here.press("F4", "p")
    here.keep("40-goes-on", r"\d\d of 52", LONG)
    here.wait("waiting for", LONG)


def carried(here: Sitting) -> None:
    """Opened again and carried to the end but for one file; its DAG is left behind, and all else is well."""
    here.run("astroferry")
    here.keep("41-opened-again", GO_ON)
    here.press("Enter")
    here.at(15)
    here.press("c")
    here.keep("41b-carries-on", "waiting for", LONG)
    here.keep("42-carried-but-one", "did not go well", LONG)
    here.press("Enter")
    here.keep("43-a-row-in-full", "c copy")
    here.press("Escape", "F6", *["Up"] * 4, "Enter")
    here.at(11)
    here.press("F7")
    here.wait("/ filters")
    chosen(here, BROKEN)
    here.press("Space", "w", "End", "Up")
    here.keep("43b-into-no-wave", "● no wave")
    here.press("Enter", "F2")
    here.at(11)
    here.press("F2")
    here.at(12)
    here.press("F2")
    here.confirm(DEPLOYMENT)
    here.keep("43c-carried", "F2 cutover", LONG)


def cutting(here: Sitting) -> None:
    """The checklist, people's words, and a cutover that the terminal is closed on."""
    here.press("F2")
    here.keep("44-cutover", "17 of 19")
    here.press(*["Down"] * 5, "l")
    here.keep("45-checklist", 'Before "fast"')
    here.press("Enter")
    here.keep("46-whose-word", "Whose word")
    here.type("Ada", "Enter")
    here.keep("47-checklist-confirmed")
    while "not met" in here.text:
        here.press("Enter")
        here.wait("Whose word")
        here.type("Ada", "Enter")
    here.keep("48-checklist-all-met", "all met")
    here.press("Escape")
    here.keep("49-ready", "Every check is met")
    here.press("c")
    here.keep("50-cutover-confirm", "To confirm", LONG)
    here.confirm(DEPLOYMENT)
    here.wait("[1-4] of 12 steps", LONG)
    here.keep("51-cutting")
    here.wait(r"\b([89]|10) of 12 steps", LONG)
    here.keep("52-cutting-later")


def cut_over(here: Sitting) -> None:
    """What was broken off is taken up again and watched; one DAG goes back; the old side may not go yet."""
    here.run("astroferry")
    here.keep("52b-opened-after-a-lost-terminal", GO_ON)
    here.press("Enter")
    here.keep("52c-what-was-broken-off", "● fast")
    here.press("c")
    here.confirm(DEPLOYMENT)
    here.keep("52d-taken-up-again", "steps ·", LONG)
    here.press("Tab", "Enter")
    here.keep("53-a-dag-in-full", "c copy")
    here.press("Escape")
    here.keep("54-cut-over", "runs on Astro alone", LONG)
    here.press("F2")
    here.keep("55-watch", "18 of 19")
    here.press("w")
    here.keep("56-watching", "Watching")
    here.keep("57-watching-on", "First full cycle: 2 well(.|\n)*d one DAG back", LONG)
    here.press("d")
    here.keep("58-roll-one-back", "To confirm")
    here.confirm(DEPLOYMENT)
    here.keep("59-rolling-back", "[0-4] of 5 steps", LONG)
    here.keep("60-rolled-back", "runs on the source again", LONG)
    here.press("Escape")
    here.keep("61-cutover-after", "17 of 19")
    here.press("F2", "F2")
    here.keep("62-decommission", "19 of 19")
    here.press("c")
    here.keep("63-decommission-checked", "not met", LONG)
    here.press("F10", "Down", "Enter")
    here.keep("64-left", "Go on with: ")
    here.run("astroferry status migration.toml")
    here.keep("65-status", "Last entry")


def main() -> None:
    """All of it, in a folder that is gone afterwards."""
    if shutil.which("tmux") is None:
        raise SystemExit("benchmarks.walk needs tmux.")
    ensure("3.3", print)
    os.environ["TZ"] = "UTC"
    time.tzset()
    base = Path("/tmp") / secrets.token_hex(2)
    (base / "move").mkdir(parents=True)
    for file in KEPT.glob("*.txt"):
        file.unlink()
    try:
        with seated(base) as here:
            without_a_token(here)
        with servers(base, f"marketing/{BROKEN}.py") as given:
            with seated(base, **given) as here:
                reading(here, base)
                deciding(here)
                carrying(here)
            with seated(base, **given) as here:
                carried(here)
                cutting(here)
            with seated(base, **given) as here:
                cut_over(here)
    finally:
        shutil.rmtree(base)


if __name__ == "__main__":
    main()
