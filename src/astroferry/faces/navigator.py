"""Where one is on the walk and what was typed there: pure, so that it can be tried with any keys."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from astroferry.errors import PlanError
from astroferry.stages import CARRYING, DECIDING
from astroferry.stages.changing import concerned
from astroferry.stages.walk import finish, next_question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astroferry.model.plan import Plan
    from astroferry.stages.desk import Desk
    from astroferry.stages.question import Question
    from astroferry.stages.stage import Deciding

Kind = Literal["deciding", "review", "carrying"]
StopState = Literal["done", "open", "again", "part", "failed"]
REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Stop:
    """One place of the walk: a stage, or the review page between deciding and carrying out."""

    key: str
    title: str
    kind: Kind
    guide: str = ""


STOPS: tuple[Stop, ...] = (
    *(Stop(stage.key, stage.title, "deciding", stage.guide) for stage in DECIDING),
    Stop(REVIEW, "Review", "review", "All of the plan on one page"),
    *(Stop(stage.key, stage.title, "carrying", stage.guide) for stage in CARRYING),
)
POSITION = {stop.key: number for number, stop in enumerate(STOPS)}
_STAGE: Mapping[str, Deciding] = {stage.key: stage for stage in DECIDING}


COMPANIONS: Mapping[str, tuple[str, ...]] = {"waves": ("workspaces", "deployments")}
"""stage -> keys of an earlier stage that it changes too: DAGs put into a Workspace may need a Deployment there"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it stands: the value that would go into the plan, and what is wrong with that, or nothing.

    `typed`: a person gave it on this walk. `kept`: it stands in the plan already.
    """

    question: Question
    value: Any
    problem: str = ""
    typed: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """A stage with everything shown put into a plan that nobody has saved yet: what Next would write."""

    asked: tuple[Asked, ...]
    plan: Plan

    @property
    def first_problem(self) -> Asked | None:
        """The first question that stops Next."""
        return next((item for item in self.asked if item.problem), None)


@dataclass(frozen=True, slots=True)
class Stuck:
    """Why Next stays: the question's key, or "" for the stage as a whole, and a sentence."""

    key: str
    why: str


@dataclass
class Navigator:
    """The walk over a desk.

    `drafts` holds what was typed and is not in the plan yet, by plan key; nothing but its own arrival in the plan
    removes it. `carried` tells how far the carrying stages are (from the journal).
    """

    desk: Desk
    index: int = 0
    drafts: dict[str, Any] = field(default_factory=dict)
    carried: dict[str, StopState] = field(default_factory=dict)
    returning: bool = False
    """whether Next goes back to the review page, from which one came"""

    @property
    def stop(self) -> Stop:
        """Where one is."""
        return STOPS[self.index]

    @property
    def stage(self) -> Deciding | None:
        """The deciding stage where one is."""
        return _STAGE.get(self.stop.key)

    def state_of(self, stop: Stop) -> StopState:
        """How it stands with one stop."""
        if stop.kind == "carrying":
            return self.carried.get(stop.key, "open")
        if stop.key in self.desk.plan.review_again:
            return "again"
        return "done" if stop.key in self.desk.plan.decided else "open"

    def first_open(self) -> int:
        """The first place that is not done: where a saved plan goes on."""
        return next((number for number, stop in enumerate(STOPS) if self.state_of(stop) != "done"), len(STOPS) - 1)

    def reachable(self, index: int) -> bool:
        """Decided stages and the first open one; what carries out only after the review was confirmed."""
        if index == self.index:
            return True
        if self.desk.inventory is None and index > POSITION["inventory"]:
            return False
        if STOPS[index].kind == "carrying" and self.state_of(STOPS[POSITION[REVIEW]]) != "done":
            return False
        before = (stop for stop in STOPS[:index] if stop.kind == "deciding")
        return all(self.state_of(earlier) in {"done", "again"} for earlier in before)

    # -- answers -----------------------------------------------------------------------------------------------

    def draft(self, key: str, value: Any) -> None:
        """Keep what was just typed or chosen."""
        self.drafts[key] = value

    def trial(self) -> Trial:
        """The stage's questions one after the other, each with the value shown, later ones given earlier ones."""
        stage = self.stage
        if stage is None:
            return Trial((), self.desk.plan)
        desk = replace(self.desk, answered=set(self.desk.answered))
        self._put_companions(stage, desk)
        before = {question.key: question.suggested for question in stage.questions(self.desk)}
        asked: list[Asked] = []
        handled: set[str] = set()
        while (question := next_question(stage, desk, handled)) is not None:
            handled.add(question.key)
            typed = question.key in self.drafts
            kept = not typed and (stage.key in self.desk.plan.decided or question.key in self.desk.answered)
            value = self._shown(question, before, kept=kept)
            asked.append(Asked(question, value, _put(desk, question, value), typed=typed, kept=kept))
        return Trial(tuple(asked), desk.plan)

    def _put_companions(self, stage: Deciding, desk: Desk) -> None:
        """Answers of earlier stages that were changed along with this one's."""
        for key in COMPANIONS.get(stage.key, ()):
            if key in self.drafts:
                with suppress(PlanError):
                    desk.answer(key, self.drafts[key])

    def _shown(self, question: Question, before: Mapping[str, Any], *, kept: bool) -> Any:
        if question.key in self.drafts:
            return self.drafts[question.key]
        if kept:
            current = self.desk.current(question.key)
            if question.kind == "text" and isinstance(current, tuple):
                current = ", ".join(current)
            followed = current == before.get(question.key) and question.suggested is not None
            # A suggestion that was taken moves on with the answer it follows from.
            return question.suggested if followed else current
        return question.suggested

    # -- moves: each is total, and says where one is afterwards --------------------------------------------------

    def next(self) -> Stuck | None:
        """Take the stage's answers and go on; or stay, and say what has to be looked at first."""
        if self.stage is not None:
            if self.stop.key == "inventory" and self.desk.inventory is None:
                return Stuck("", "Nothing has been read yet, and all that follows rests on it.")
            trial = self.trial()
            if (first := trial.first_problem) is not None:
                return Stuck(first.question.key, first.problem)
            self._settle(self.stage, trial)
        self._forward()
        return None

    def skip(self) -> bool:
        """Leave the stage's questions to their suggestions, where it can be left out; False where it cannot."""
        stage = self.stage
        if stage is None or not stage.skipping:
            return False
        desk = replace(self.desk, answered=set(self.desk.answered))
        handled: set[str] = set()
        while (question := next_question(stage, desk, handled)) is not None:
            handled.add(question.key)
            value = _in_one(desk) if question.key == "waves" else question.suggested
            # What was guessed item by item stays a guess: in the plan it would count as confirmed by a person.
            if value is not None and question.kind != "per-item":
                _put(desk, question, value)
        self._settle(stage, Trial((), desk.plan))
        self._forward()
        return True

    def back(self) -> None:
        """One stop back; what was typed stays."""
        if self.returning:
            self.returning = False
            self.index = POSITION[REVIEW]
        else:
            self.index = max(0, self.index - 1)

    def jump(self, key: str, *, returning: bool = False) -> bool:
        """Go straight to a stop, if it can be reached yet."""
        index = POSITION.get(key)
        if index is None or not self.reachable(index):
            return False
        self.index = index
        self.returning = returning
        return True

    def confirm_review(self) -> None:
        """The review page was read and confirmed: carrying out may begin."""
        self.desk.mark_decided(REVIEW)
        self.index = POSITION[REVIEW] + 1

    def keep(self) -> None:
        """Before leaving: put into the plan what was typed and fits; the stage stays open, to be looked at again."""
        for key in list(self.drafts):
            try:
                self.desk.answer(key, self.drafts[key])
            except PlanError:
                continue
            del self.drafts[key]

    def refreshed(self, stages: tuple[str, ...]) -> None:
        """What is known about an end has changed: stages decided on it are to be looked at again."""
        self.desk.mark_review_again(stages)

    def _settle(self, stage: Deciding, trial: Trial) -> None:
        if trial.plan != self.desk.plan:
            self.desk.mark_review_again((*concerned(self.desk, stage, trial.plan), REVIEW))
            again = self.desk.plan.review_again
            self.desk.plan = replace(trial.plan, review_again=again, decided=self.desk.plan.decided)
        # Of an organization at another address nothing holds any more.
        self.desk.facts = self.desk.organization_seen
        for item in trial.asked:
            self.desk.answered.add(item.question.key)
            self.drafts.pop(item.question.key, None)
        for key in COMPANIONS.get(stage.key, ()):
            self.drafts.pop(key, None)
        self.desk.mark_decided(stage.key)
        finish(self.desk)

    def _forward(self) -> None:
        if self.returning:
            self.returning = False
            self.index = POSITION[REVIEW]
            return
        following = min(self.index + 1, len(STOPS) - 1)
        if self.reachable(following):
            self.index = following


def _put(desk: Desk, question: Question, value: Any) -> str:
    """Put one value into the plan on the desk; what is wrong with it, or nothing."""
    if value is None or value in ("", []):
        if question.required:
            return "This needs an answer."
        value = ""
    if question.kind == "choice":
        option = question.option(str(value))
        if option is None:
            return "Choose one of these."
        if option.refused:
            return f"This cannot be chosen: {option.refused.rstrip('.')}."
    try:
        desk.answer(question.key, value)
    except PlanError as error:
        return _sentence(error.problems[0].message if error.problems else error.message)
    return ""


def _sentence(text: str) -> str:
    return f"It {text}." if text[:1].islower() else text


def _in_one(desk: Desk) -> Any:
    """All DAGs in one wave, on the Deployments that the plan has."""
    plan = desk.plan
    if plan.waves or not plan.deployments:
        return plan.waves or None
    first = plan.deployments[0].name
    test = next((item.name for item in plan.deployments if item.role in {"test", "both"}), first)
    production = next((item.name for item in plan.deployments if item.role in {"production", "both"}), first)
    return [{"name": "all", "test": test, "production": production, "dags": ["*"]}]


def stage_of(where: str) -> str | None:
    """The stage that asks about a place in the plan: `waves[2].test` is asked by `waves`."""
    key = where.partition("[")[0]
    for begin, stage in _WHERE:
        if key == begin or key.startswith(f"{begin}."):
            return stage
    return None


_WHERE = (
    ("target", "prerequisites"),
    ("source", "source"),
    ("code", "source"),
    ("decisions.airflow", "version"),
    ("decisions.runtime", "version"),
    ("decisions.cron_data_intervals", "version"),
    ("decisions.execution", "execution"),
    ("decisions.cluster", "cluster"),
    ("decisions.cluster_name", "cluster"),
    ("decisions.cloud", "cluster"),
    ("decisions.region", "cluster"),
    ("decisions.networking", "networking"),
    ("places", "networking"),
    ("network", "networking"),
    ("decisions.workspaces", "workspaces"),
    ("workspaces", "workspaces"),
    ("deployments", "workspaces"),
    ("decisions.secrets_backend", "secrets"),
    ("values", "values"),
    ("conflicts", "values"),
    ("waves", "waves"),
)
