"""`astroferry explain`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from astroferry import cli
from astroferry.advice.pages import pages
from astroferry.errors import Exit

if TYPE_CHECKING:
    import pytest


def test_explains_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "exe-003"]) == Exit.DONE
    assert "Remote execution needs Airflow 3." in capsys.readouterr().out
    assert cli.main(["explain", "EXE-003", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["severity"] == "refuse"


def test_lists_all_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain"]) == Exit.DONE
    said = capsys.readouterr().out
    assert all(f"\n{page.code} " in said for page in pages())
    assert cli.main(["explain", "--json"]) == Exit.DONE
    assert len(json.loads(capsys.readouterr().out)) == len(pages())


def test_an_unknown_code_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "EXE-03"]) == Exit.USAGE
    assert "Did you mean EXE-0" in capsys.readouterr().err
    assert cli.main(["explain", "%%%"]) == Exit.USAGE
    assert "lists all codes" in capsys.readouterr().err
