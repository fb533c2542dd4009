"""What importing costs and needs."""

import subprocess
import sys


def imported(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


def test_agent_search_and_command_line_work_without_torch() -> None:
    modules = imported("import tamsa, tamsa.agent, tamsa.corpus, tamsa.llm, tamsa.tools, tamsa.eval, tamsa.cli.main")
    assert modules.isdisjoint({"torch", "transformers", "numba", "scipy", "sklearn", "lancedb", "matplotlib"})


def test_heavy_readers_and_clients_are_imported_when_needed() -> None:
    modules = imported("import tamsa.cli.main")
    assert modules.isdisjoint({"docx", "pptx", "openpyxl", "pypdfium2", "pyarrow", "openai"})


def test_promised_names_are_there() -> None:
    code = (
        "from tamsa.agent import Budget, research\n"
        "from tamsa.corpus import Index, open_corpus\n"
        "from tamsa.llm import open_model, ScriptedModel\n"
        "from tamsa.tools import FunctionTool, Toolset, corpus_toolset\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
