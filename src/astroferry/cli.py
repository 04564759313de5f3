"""The command: reads the command line, decides which face speaks, and turns errors into sentences and exit codes."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from astroferry import __version__, diagnostics
from astroferry.errors import AstroferryError, Exit, InputNeededError, PlanError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

HIGHEST_PORT = 65535
EPILOG = """\
exit codes:
  0 done    1 bug (report saved)    2 wrong usage    3 plan incomplete or invalid, or input needed
  4 not allowed (token missing, expired, lacks a role)    5 a server could not be reached; safe to run again
  6 carried out in part    7 plan in use    129/130/143 hung up, interrupted, terminated: saved

credentials never stand on the command line:
  Astro    ASTRO_API_TOKEN, or credentials = "keyring" | "prompt" | "file:PATH" in the plan
  source   ASTROFERRY_SOURCE_TOKEN, or ASTROFERRY_SOURCE_USERNAME and ASTROFERRY_SOURCE_PASSWORD
  ASTRO_API_URL points at another control plane; proxies (HTTPS_PROXY, NO_PROXY) and company certificate
  authorities (SSL_CERT_FILE) are taken from the environment.
"""


class _Parser(argparse.ArgumentParser):
    """argparse whose errors are ours: a sentence, exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing usage and exiting."""
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", hint=f"See: {self.prog} --help")


def _everywhere(*, again: bool = False) -> _Parser:
    """The options that stand before or after the verb; `again` leaves alone what was said before it."""
    flags = _Parser(add_help=False)
    group = flags.add_argument_group("everywhere")
    off, empty = (argparse.SUPPRESS, argparse.SUPPRESS) if again else (False, "")
    group.add_argument(
        "--no-input", action="store_true", default=off, help="never ask; missing answers are listed (CI implies it)"
    )
    group.add_argument(
        "--plain", action="store_true", default=off, help="plain prompts instead of the full-screen wizard"
    )
    group.add_argument("--json", action="store_true", default=off, help="results as one JSON document on stdout")
    group.add_argument(
        "--confirm",
        metavar="NAME",
        default=empty,
        help="confirm a step by the name it asks for, or by all with commas between",
    )
    return flags


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(
        prog="astroferry",
        description="Carry an Apache Airflow to Astro.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_everywhere()],
    )
    top.add_argument("--version", action="version", version=f"astroferry {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", parser_class=_Parser)

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        return verbs.add_parser(
            name,
            help=text,
            description=text[:1].upper() + text[1:] + ".",
            parents=[_everywhere(again=True)],
            argument_default=argparse.SUPPRESS,
        )

    demo = verb("demo", "the wizard on an embedded source Airflow and an embedded Astro; --no-input runs all of it")
    demo.add_argument("--folder", metavar="DIR", help="where the demo's plan and journal go (default: a new folder)")
    assess = verb("assess", "take the inventory of a source Airflow; never changes it")
    assess.add_argument("url", metavar="URL", help="the source's address, as in the browser")
    assess.add_argument("--out", metavar="FILE", help="where the inventory goes (default: inventory.json)")
    assess.add_argument(
        "--environment",
        metavar="FILE",
        help="its environment variables, which no API tells: .env, or what env, docker inspect, kubectl -o yaml, "
        "helm get values, aws mwaa get-environment, gcloud composer environments describe print; only names are kept",
    )
    plan = verb("plan", "make a plan from an inventory and answers")
    plan.add_argument("--inventory", metavar="FILE", required=True, help="what assess wrote")
    plan.add_argument("--answers", metavar="FILE", help="answers as TOML, with the keys of the plan")
    plan.add_argument("--out", metavar="PLAN", help="where the plan goes (default: migration.toml)")
    check = verb("check", "is the plan complete, valid, and still true of both ends? changes nothing")
    show = verb("show", "the review page: all decisions, and what will be done")
    resume = verb("resume", "open the plan in the wizard, where it stood")
    apply = verb("apply", "carry the plan out, up to DAGs that lie compared and paused on Astro")
    apply.add_argument("--stage", metavar="STAGE", help="only this stage: prepare, configuration, dags, test")
    apply.add_argument("--wave", metavar="WAVE", help="only what this wave needs")
    apply.add_argument("--dry-run", action="store_true", help="look and say what would be done; change nothing")
    verify = verb("verify", "compare both ends now, value by value, with a probe on the target")
    cutover = verb("cutover", "drain a wave on the source, hand its schedule over, watch the first ticks")
    cutover.add_argument("--wave", metavar="WAVE", required=True)
    cutover.add_argument("--at", metavar="TIME", help="check now, begin then: 2026-11-26T02:00Z, or 02:00 (UTC)")
    cutover.add_argument(
        "--until", metavar="TIME", help="be done by then, or put everything back; so do the plan's [limits]"
    )
    history = verb("history", "write finished runs, tasks and tries of a wave to the target; best before its cutover")
    history.add_argument("--wave", metavar="WAVE", required=True)
    watch = verb("watch", "watch the first full cycle on the target; changes nothing")
    watch.add_argument("--wave", metavar="WAVE", help="only this wave (default: all that were cut over)")
    watch.add_argument("--once", action="store_true", help="look once, instead of until the cycle is over")
    rollback = verb("rollback", "give DAGs back to the source; ticks are not run again")
    rollback.add_argument("--wave", metavar="WAVE", help="only this wave")
    rollback.add_argument("--dag", metavar="DAG", help="only this DAG")
    rollback.add_argument(
        "--stage",
        metavar="STAGE",
        help="undo a stage of apply instead: dags, configuration, prepare; or environment, connections, variables, "
        "pools alone",
    )
    rollback.add_argument(
        "--code", action="store_true", help="DAG code of the confirmed Deployment back to the deploy found good"
    )
    status = verb("status", "what is done, what is not, what failed, and which side runs each DAG")
    refresh = verb("refresh", "read the source again, take over what changed; says which advice changed")
    report = verb("report", "the assessment on one page for those who decide: .html, .md or .json; changes nothing")
    report.add_argument("--out", metavar="FILE", help="where it goes (default: report.html)")
    carried = (apply, verify, cutover, history, watch, rollback, status)
    for one in (refresh, report, check, show, resume, *carried, *_around(verb)):
        one.add_argument("plan", metavar="PLAN", help="the plan, migration.toml")
    explain = verb("explain", "what a finding's code means and what to do; without a code, all of them")
    explain.add_argument("code", metavar="CODE", nargs="?", help="as it stands behind a finding, EXE-003 say")
    verb("doctor", "terminal, keyring, network, versions; which face would speak and why")
    simulate = verb("simulate", "the embedded Astro as a server on loopback")
    simulate.add_argument("--port", metavar="N", type=_port, help="default: a free one")
    simulate.add_argument("--airflow", metavar="VERSION", help="start a real Airflow behind each Deployment: 3.3")
    simulate.add_argument("--requirements", metavar="FILE", help="with --airflow: a Deployment's requirements.txt")
    return top


def _port(text: str) -> int:
    """A port as it was typed; ArgumentTypeError where there is none of that number."""
    if not text.isascii() or not text.isdigit() or int(text) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f'"{text}" is no port; one is a number up to {HIGHEST_PORT}')
    return int(text)


def _around(verb: Callable[[str, str], argparse.ArgumentParser]) -> tuple[argparse.ArgumentParser, ...]:
    """What people say to a plan, and what is left when it is carried out."""
    decommission = verb("decommission", "may the old side go? live checks, a last backup, then what people confirm")
    decommission.add_argument("--backup", metavar="DIR", help="where the last backup goes (default: beside the plan)")
    approve = verb("approve", "a second person approves the plan, or somebody confirms what no machine can check")
    approve.add_argument("--by", metavar="NAME", required=True, help="whose word it is; it is recorded with the time")
    approve.add_argument(
        "--what", metavar="KEY", action="append", help="confirm this check instead, as `check` names it; may repeat"
    )
    audit = verb("audit", "everything that was done, by whom, when, where and how it ended; for people and auditors")
    audit.add_argument("--out", metavar="FILE", help="a .csv or .jsonl file (default: JSON lines on stdout)")
    return decommission, approve, audit


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the process's exit code."""
    try:
        arguments = parser().parse_args(argv)
        if arguments.verb in {None, "resume"}:
            return _open(arguments)
        verb = _verb(arguments.verb)
        code = _run(verb(arguments))
    except AstroferryError as error:
        return int(diagnostics.report_error(error))
    except KeyboardInterrupt:
        diagnostics.say("astroferry: interrupted; what was done is saved. Run the same command again to go on.")
        return int(Exit.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our help or our questions has enough.
        diagnostics.drop_stdout()
        return int(Exit.DONE)
    except Exception as error:  # noqa: BLE001 - the last place that can turn a bug into a report instead of a traceback
        return int(diagnostics.report_bug(error))
    if code == Exit.DONE and (why := diagnostics.lost()):
        return int(diagnostics.report_error(PlanError(f"The result could not be written to stdout: {why}.")))
    return int(code)


def _open(arguments: argparse.Namespace) -> int:
    """No verb, or `resume`: the wizard, in the face that this terminal can show."""
    from astroferry.faces.which import choose  # noqa: PLC0415 - `--help` stays quick

    face, why = choose(no_input=arguments.no_input, plain=arguments.plain)
    plan = getattr(arguments, "plan", None)
    if face == "headless":
        if plan is not None:
            raise InputNeededError(
                f"The wizard asks, and nobody may be asked here ({why}).",
                hint=f"See how far the plan is: astroferry status {plan}; carry it out: astroferry apply {plan}",
            )
        diagnostics.say(parser().format_help())
        diagnostics.say(f"astroferry: the wizard asks nothing here ({why}); give it a verb.")
        return int(Exit.USAGE)
    room = "tui" if face == "full-screen" else "prompts"
    run = importlib.import_module(f"astroferry.faces.{room}.run").run
    return int(_run(run(plan=Path(plan) if plan is not None else None)))


def _verb(name: str) -> Callable[[argparse.Namespace], Coroutine[Any, Any, Exit]]:
    """The verb's coroutine; its module is imported only now, so that `--help` stays quick."""
    room = "astroferry.embedded" if name in {"demo", "simulate"} else f"astroferry.faces.headless.{name}"
    run: Callable[[argparse.Namespace], Coroutine[Any, Any, Exit]] = getattr(
        importlib.import_module(room), name if room == "astroferry.embedded" else "run"
    )
    return run


def _run(work: Coroutine[Any, Any, Exit]) -> Exit:
    """Run a verb; hang-up and termination cancel it cleanly, between two journal lines or inside a wait."""

    async def watched() -> Exit:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(work)
        code: list[Exit] = []

        def end(which: Exit) -> None:
            code.append(which)
            task.cancel()

        for number, which in ((signal.SIGHUP, Exit.HANGUP), (signal.SIGTERM, Exit.TERMINATED)):
            with contextlib.suppress(NotImplementedError, RuntimeError):
                loop.add_signal_handler(number, end, which)
        try:
            return await task
        except asyncio.CancelledError:
            if not code:
                raise
            diagnostics.say("astroferry: ended by a signal; what was done is saved. Run the same command again.")
            return code[0]

    return asyncio.run(watched())


if __name__ == "__main__":
    sys.exit(main())
