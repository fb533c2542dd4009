"""What importing costs and needs."""

import subprocess
import sys


def imported(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


COMMANDS = "import importlib, tamsa.cli.main, tamsa.cli.commands as c; " + (
    "[importlib.import_module(f'tamsa.cli.{name}') for name in c._HOMES.values()]"
)


def test_agent_search_and_command_line_work_without_torch() -> None:
    modules = imported("import tamsa, tamsa.agent, tamsa.corpus, tamsa.llm, tamsa.tools, tamsa.eval; " + COMMANDS)
    assert modules.isdisjoint({"torch", "transformers", "numba", "scipy", "sklearn", "lancedb", "matplotlib"})


def test_heavy_readers_and_clients_are_imported_when_needed() -> None:
    modules = imported(COMMANDS)
    assert modules.isdisjoint({"docx", "pptx", "openpyxl", "pypdfium2", "pyarrow", "openai"})


def test_promised_names_are_there() -> None:
    code = (
        "from tamsa.agent import Budget, research\n"
        "from tamsa.corpus import Index, open_corpus\n"
        "from tamsa.llm import open_model, ScriptedModel\n"
        "from tamsa.tools import FunctionTool, Toolset, corpus_toolset\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_command_does_not_wait_for_the_others() -> None:
    code = "from tamsa.cli.main import app; import typer; c = typer.main.get_command(app).commands; "
    modules = imported(code + "assert list(c) and c['research'].name == 'research'")
    assert "tamsa.agent" in modules
    assert not any(name.startswith(("tamsa.synthesis", "tamsa.train", "tamsa.reproduce")) for name in modules)
