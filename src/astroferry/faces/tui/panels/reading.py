"""A deciding stage that reads something: Astro, the DAG folder, the source; begun by F5, cancelled by Ctrl+C."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.faces.seen import partial_in_words
from astroferry.faces.tui.panels.deciding import DecidingPanel
from astroferry.faces.tui.panels.noticed import told_of
from astroferry.faces.tui.widgets.wrapped import Wrapped

if TYPE_CHECKING:
    from astroferry.faces.reading import Reading
    from astroferry.faces.tui.panels.panel import Keys

ABOUT = {
    "prerequisites": "F5 connects to Astro and reads what the advice needs: the organization, what it has and may "
    "have. The token is taken from where you say below; nothing is changed there.",
    "source": "Where you come from. F5 reads the code in the DAG folder as text; nothing of it is run. The Airflow "
    "itself is read on the next page.",
    "inventory": "What the source has is read over its API: DAGs, connections, variables, pools and how they run. "
    "Nothing is changed there.\n\n"
    "F5 reads, or reads again; where a reading was cancelled, it goes on from there. F7 looks at what came, also "
    "while it is read. Ctrl+C cancels the reading. All that follows rests on it, so F2 goes on once it is through.",
}
"""stage -> what is read there"""


class ReadingPanel(DecidingPanel):
    """See the module. `reading` is the last read of this stage, going on or ended."""

    @property
    def reading(self) -> Reading | None:
        """Of this stage."""
        return self.wizard.reads.by_stage.get(self.stage.key)

    @property
    def _is_running(self) -> bool:
        return self.reading is not None and self.reading.running

    def known(self) -> tuple[str, ...]:
        """Nothing of a source that was not read: the stage's one line names a verb, and the reading is shown here."""
        unread = self.stage.key == "inventory" and self.session.desk.inventory is None
        return () if unread else super().known()

    def read(self) -> None:
        """F5."""
        asked = self.session.nav.trial().asked
        values = {item.question.key: item.value for item in asked}
        reads = self.wizard.reads
        if self.stage.key == "prerequisites":
            address = next(item for item in asked if item.question.key == "target.api")
            if address.problem and not self.session.desk.api_instead:
                # Nobody types a token for an address that is none.
                self._stay(address.question.key, address.problem)
                return
            reads.organization(str(values["target.api"]), str(values["target.credentials"]))
        elif self.stage.key == "source":
            folder = str(values.get("code.dags_folder") or "")
            if folder:
                reads.folder(folder)
            else:
                self.wizard.say("First name the DAG folder.", bad=True)
        else:
            reads.source()

    def forward(self) -> None:
        """Not before the source is read: all that follows rests on it."""
        folder = self.wizard.reads.by_stage.get("source")
        if self.stage.key == "inventory" and self._is_running:
            self.wizard.say("The source is still being read. Ctrl+C cancels that.")
        elif self.stage.key == "inventory" and folder is not None and folder.running:
            self.wizard.say("The DAG folder is still being read. Ctrl+C cancels that.")
        else:
            super().forward()

    def _stay(self, key: str, why: str) -> None:
        super()._stay(key, why)
        if key == "target.organization" and self.session.desk.organization_seen is None:
            # Nobody knows it by heart.
            self.wizard.say("F5 asks Astro for it, or type it.", bad=True)

    def tick(self) -> None:
        """The read that goes on, or its end."""
        reading = self.reading
        shown = self.query_one("#reading", Wrapped)
        shown.display = reading is not None
        if reading is not None:
            shown.show(told_of(reading, self._partial()))

    def _partial(self) -> str:
        """What is missing of an inventory that was not read to its end; nothing while it is read."""
        unfinished = self.session.unfinished
        if self.stage.key != "inventory" or self._is_running or self.session.desk.inventory is not None:
            return ""
        return partial_in_words(unfinished, running=False) if unfinished.has_something else ""

    def keys(self) -> Keys:
        """While it reads, little else."""
        if not self._is_running:
            return super().keys()
        so_far = (("F7", "what came so far"),) if self.stage.key == "inventory" else ()
        return (("^C", "cancel the reading"), *so_far, ("Esc", "back"))

    def help(self) -> str:
        """What is read here, how, and the rest."""
        return f"{ABOUT[self.stage.key]}\n\n{super().help()}"

    def more_keys(self) -> Keys:
        """What F5 and F7 do here."""
        if self.stage.key == "prerequisites":
            return (("F5", "connect"),)
        if self.stage.key == "source":
            return (("F5", "read the DAG folder"),)
        if self.session.desk.inventory is not None:
            return (("F5", "read again"), ("F7", "look at it"))
        if self.session.unfinished.has_something:
            return (("F5", "go on reading"), ("F7", "what was read"))
        return (("F5", "read"),)
