from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.code.find import find

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
