from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.code.find import find, signs_in

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "from airflow import DAG\n"


def test_finds_ids_duplicates_and_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "sales").mkdir()
    (tmp_path / "sales" / "a.py").write_text(HEAD + 'DAG("a")\nDAG("twice")\n')
    (tmp_path / "b.py").write_text(HEAD + 'DAG("twice")\n')
    (tmp_path / "made.py").write_text(HEAD + 'for i in x:\n    DAG(f"made_{i}")\n')
    (tmp_path / "broken.py").write_text(HEAD + "def (")
    (tmp_path / "latin.py").write_bytes(b"# airflow dag \xe9")
    (tmp_path / "plain.py").write_text('DAG("not for that product")')
    (tmp_path / "notes.txt").write_text('airflow DAG("a")')
    (tmp_path / "link.py").symlink_to("b.py")
    found = find(tmp_path)
    assert found.files_of == {"a": ["sales/a.py"], "twice": ["b.py", "sales/a.py"]}
    assert found.duplicates == {"twice": ["b.py", "sales/a.py"]}
    assert found.computed == ["made.py"]
    assert set(found.unreadable) == {"broken.py", "latin.py"}
    assert found.missing(["a", "made_1"]) == ("made_1",)
    assert found.files == 6
    told: list[int] = []
    part = find(tmp_path, told.append, lambda: len(told) == 2)
    assert (part.files, told) == (2, [1, 2])
    assert list(part.files_of) == ["twice"]


def test_signs_stand_with_their_file_and_dags(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "from airflow.utils.dates import days_ago\n" + 'DAG("a", schedule=None, catchup=False)\n'
    )
    (tmp_path / "common.py").write_text("import airflow.contrib\n")
    (tmp_path / "other.py").write_text("import telnetlib\n")
    (tmp_path / "half.py").write_text("airflow (")
    (tmp_path / ".airflowignore").write_text("common")
    found = find(tmp_path)
    assert [(sign.kind, sign.place, sign.dags) for sign in found.signs] == [
        ("ignore-file", ".airflowignore:1", ()),
        ("gone-import", "a.py:1", ("a",)),
        ("gone-import", "common.py:1", ()),
    ]
    assert found.unreadable == {}
    assert signs_in(tmp_path) == tuple(found.signs)
    assert signs_in(None) is None
