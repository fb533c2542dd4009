import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tamsa.errors import InputError, ToolError
from tamsa.tools import FunctionTool
from tamsa.tools.offers import Unavailable
from tamsa.tools.sandbox import Limits, PythonSandbox, process, python_tool
from tamsa.tools.sandbox import tool as tool_module


async def make(**options: object) -> FunctionTool:
    tool = await python_tool(**options)  # type: ignore[arg-type]
    if not isinstance(tool, FunctionTool):
        pytest.skip(str(tool))
    return tool


async def test_last_expression_is_shown_and_output_kept_in_order() -> None:
    result = await (await make()).run({"code": "import sys\nprint('a')\nprint('b', file=sys.stderr)\n'c' * 3"})
    assert result.text == "a\nb\n'ccc'"
    assert result.data["exit_code"] == 0
    assert not result.error


async def test_traceback_shows_the_code_and_no_path_of_this_machine() -> None:
    result = await (await make()).run({"code": "import json\ndef f(x):\n    return json.loads(x)\nf('{')"})
    assert result.error
    assert "return json.loads(x)" in result.text
    assert "JSONDecodeError" in result.text
    assert sys.base_prefix not in result.text
    assert str(Path.home()) not in result.text


async def test_nothing_is_kept_between_calls() -> None:
    tool = await make()
    await tool.run({"code": "x = 1\nopen('/tmp/x', 'w').write('1')"})
    assert "[]" in (await tool.run({"code": "import os\nprint(os.listdir('/tmp'))"})).text
    assert "NameError" in (await tool.run({"code": "print(x)"})).text


async def test_installed_packages_and_threads_work() -> None:
    code = (
        "import numpy as np, asyncio, threading\n"
        "t = threading.Thread(target=lambda: print('thread')); t.start(); t.join()\n"
        "async def main(): await asyncio.sleep(0); return 'loop'\n"
        "print(asyncio.run(main()), int(np.arange(5).sum()))"
    )
    assert (await (await make()).run({"code": code})).text == "thread\nloop 10"


async def test_long_output_keeps_head_and_tail_and_says_what_is_missing() -> None:
    tool = await make(limits=Limits(output_chars=1000))
    result = await tool.run({"code": "print('start'); print('é' * 50_000); print('end')"})
    assert result.text.startswith("start")
    assert result.text.endswith("end")
    assert "characters of output left out" in result.text
    assert len(result.text) < 1100


async def test_folders_can_be_read_and_not_written(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "a.csv").write_text("1,2")
    tool = await make(folders=[folder])
    assert (await tool.run({"code": "print(open('/data/tables/a.csv').read())"})).text == "1,2"
    assert "Read-only" in (await tool.run({"code": "open('/data/tables/b.csv', 'w')"})).text
    with pytest.raises(InputError, match="not a folder"):
        await python_tool(folders=[tmp_path / "gone"])


async def test_without_bubblewrap_the_reason_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = await python_tool()
    assert isinstance(missing, Unavailable)
    assert "bubblewrap is missing" in str(missing)
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    unusable = await python_tool(bwrap=str(broken))
    assert isinstance(unusable, Unavailable)
    assert "No permissions" in str(unusable)
    assert "user namespaces" in str(unusable)
    assert isinstance(await python_tool(bwrap=str(tmp_path / "nowhere")), Unavailable)


async def test_sandbox_that_cannot_be_watched_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    await make()

    def blind(first: int) -> int:
        raise FileNotFoundError

    monkeypatch.setattr(process, "_worker_of", blind)
    unwatched = await python_tool()
    assert isinstance(unwatched, Unavailable)
    assert "watched" in str(unwatched)
    sandbox = PythonSandbox(shutil.which("bwrap") or "", limits=Limits(wall_s=30))
    assert "could not be watched" in (await sandbox.python("import time\ntime.sleep(25)")).text


async def test_bad_calls_are_refused() -> None:
    sandbox = PythonSandbox("bwrap", limits=Limits(code_chars=10))
    for code, words in ((" ", "empty"), ("x" * 11, "at most 10")):
        with pytest.raises(ToolError, match=words):
            await sandbox.python(code)
    with pytest.raises(ValueError, match="wall_s"):
        Limits(wall_s=0)


def alive(marker: str) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker.encode() in path.read_bytes():
                return True
        except OSError:
            continue
    return False


async def wait_until(condition: object) -> bool:
    for _ in range(6_000):
        if condition():  # type: ignore[operator]
            return True
        await asyncio.sleep(0.02)
    return False


@pytest.mark.parametrize("delay_s", [0, 0.002, 0.005, 0.01, 0.02, 0.04, 0.3])
async def test_cancelled_call_leaves_no_process(delay_s: float) -> None:
    limits = Limits(wall_s=3_000, memory_mib=777)  # the limits stand on the command line: a mark of our own
    tool = await make(limits=limits)
    mark = str(777 << 20)
    task = asyncio.create_task(tool.run({"code": "import time\ntime.sleep(4_000)"}))
    assert await wait_until(lambda: alive(mark))
    await asyncio.sleep(delay_s)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(300):  # it is killed, and does not sleep to its end
            await task
    assert not alive(mark)


async def test_call_cancelled_while_it_starts_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    tool = await make(limits=Limits(wall_s=50, memory_mib=779))
    mark = str(779 << 20)
    start = asyncio.create_subprocess_exec

    async def slow(*command: str, **options: object) -> asyncio.subprocess.Process:
        begun = await start(*command, **options)  # type: ignore[arg-type]
        await asyncio.sleep(0.3)
        return begun

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slow)
    task = asyncio.create_task(tool.run({"code": "import time\ntime.sleep(40)"}))
    assert await wait_until(lambda: alive(mark))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not alive(mark)


async def test_sandbox_dies_with_a_killed_parent(tmp_path: Path) -> None:
    await make()
    script = tmp_path / "parent.py"
    script.write_text(
        "import asyncio\nfrom tamsa.tools.sandbox import Limits, python_tool\n"
        "async def main():\n"
        "    tool = await python_tool(limits=Limits(wall_s=50, memory_mib=778))\n"
        "    await tool.run({'code': 'import time; time.sleep(40)'})\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.Popen([sys.executable, str(script)])
    mark = str(778 << 20)
    try:
        assert await wait_until(lambda: alive(mark))
        await asyncio.sleep(0.3)  # past the trial run
        os.kill(parent.pid, signal.SIGKILL)
    finally:
        parent.kill()
        parent.wait()
    assert await wait_until(lambda: not alive(mark))


async def test_runs_stand_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    tool = await make()
    inside, together = 0, asyncio.Event()
    run = tool_module.run_code

    async def wait_for_all(*arguments: object) -> object:
        nonlocal inside
        inside += 1
        if inside == 4:
            together.set()
        async with asyncio.timeout(120):  # one after the other, the first would wait for ever
            await together.wait()
        return await run(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(tool_module, "run_code", wait_for_all)
    results = await asyncio.gather(*(tool.run({"code": str(n)}) for n in range(4)))
    assert [result.text for result in results] == ["0", "1", "2", "3"]
