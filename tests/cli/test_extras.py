"""Further tools of a run: what earlier processes opened with them is there again after a resume."""

from pathlib import Path

from tamsa.cli.extras import Extras, open_extras
from tamsa.store import RunFolder


async def test_files_that_agents_opened_are_read_again(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "lamp.txt").write_text("The red lamp was built by Odo Kest.\n")
    folder = RunFolder.create(tmp_path / "run", {"question": "x"})
    agent = RunFolder.create(tmp_path / "run" / "agents" / "1", {"question": "x"})
    opened = {"pages": [{"id": "lamp.txt", "error": None}]}
    agent.journal.append({"kind": "observation", "data": opened})
    agent.close()
    async with open_extras(Extras(files=(str(tmp_path / "files"),)), "x", folder, page_chars=1_000) as offers:
        document = offers[0].get_document("lamp.txt")
    folder.close()
    assert document is not None
    assert "Odo Kest" in document.text
