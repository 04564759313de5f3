"""The way is turned round before what fell between the sides was run: on a real 2.11 and a real 3.3, there and back.

The command is held before it unpauses a DAG, until more than one tick has come due, and killed right after it did:
the scheduler runs the latest tick alone, and nobody has run those before it. The other way must run them.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest
from tests.live.street import PERIOD, SIX, WAVE, Street
from tests.live.streets import street
from tests.live.wire import listener

if TYPE_CHECKING:
    from collections.abc import Iterator

# By hand: a third pair of servers beside those of `make live` is too much for two cores.
pytestmark = pytest.mark.long
ON_TARGET, ON_SOURCE = (True, False), (False, True)
"""paused on the source, paused on the target"""


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with listener() as hook, street(tmp_path_factory.mktemp("turned"), hook[0]) as made:
        yield made


def broken_off(six: Street, way: str, side: str) -> None:
    """Killed between the unpausing of the DAG "latest" and the run of what fell between."""
    unpause = f"{way}/{WAVE}/latest/unpause-{side}"

    def kill() -> None:
        assert six.process is not None
        six.process.kill()

    places = {f"{unpause} begin": lambda: time.sleep(2.5 * PERIOD.total_seconds()), f"{unpause} done": kill}
    six.held(way, places, code=-signal.SIGKILL)


@pytest.mark.parametrize(
    ("way", "side", "other"), [("cutover", "target", "rollback"), ("rollback", "source", "cutover")]
)
def test_what_fell_between_is_run_by_the_other_way(six: Street, way: str, side: str, other: str) -> None:
    if way == "rollback":
        six.move("cutover")
    broken_off(six, way, side)
    done = six.move(other)
    assert "latest: " in done.err
    assert " fell between" in done.err
    assert six.paused() == dict.fromkeys(SIX, ON_SOURCE if way == "cutover" else ON_TARGET)
    six.judge()
