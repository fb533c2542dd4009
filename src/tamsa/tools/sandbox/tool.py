"""The `python` tool: code in a bubblewrap sandbox, or the reason why it is not offered."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tamsa.errors import InputError, ToolError
from tamsa.tools.offers import Unavailable
from tamsa.tools.protocol import FunctionTool
from tamsa.tools.sandbox.limits import Limits
from tamsa.tools.sandbox.process import Outcome, run_code
from tamsa.tools.sandbox.seccomp import supported
from tamsa.types import ToolResult

_TRIAL = "import time; time.sleep(0.2); print(6 * 7)"  # long enough for the watch to have looked
_INSTALL = "install bubblewrap (for example `apt install bubblewrap`)"


class PythonSandbox:
    """Runs Python code, each time in a new sandbox: nothing is kept from one call to the next.

    Args:
        bwrap: path of bubblewrap.
        limits: bounds on each run.
        folders: folders that the code may read, as `/data/NAME`.
        concurrency: sandboxes at one time.
    """

    def __init__(
        self, bwrap: str, *, limits: Limits | None = None, folders: Sequence[Path] = (), concurrency: int = 4
    ) -> None:
        self._bwrap = bwrap
        self.limits = limits or Limits()
        self._folders = _named(folders)
        self._turns = asyncio.Semaphore(concurrency)

    async def execute(self, code: str) -> Outcome:
        """Run code and return what it came to.

        Raises:
            ToolError: there is no code, too much of it, or bubblewrap cannot be started.
        """
        if not code.strip():
            raise ToolError("python: code is empty; give the program to run")
        if len(code) > self.limits.code_chars:
            raise ToolError(f"python: code has {len(code)} characters; at most {self.limits.code_chars} are run")
        async with self._turns:
            try:
                return await run_code(self._bwrap, code, self.limits, self._folders)
            except OSError as error:
                raise ToolError(f"python: the sandbox cannot be started ({error.strerror})") from error

    async def python(self, code: str) -> ToolResult:
        """Run Python code to compute something: arithmetic, dates, statistics, tables.

        Print what you want to see. There is no network; variables and files in /tmp are gone after the call.

        Args:
            code: a whole Python program.
        """
        outcome = await self.execute(code)
        lines = [outcome.output.rstrip("\n")] if outcome.output.strip() else []
        if outcome.ended:
            lines.append(f"The program was ended: {outcome.ended}.")
        elif outcome.exit_code:
            lines.append(f"The program ended with exit code {outcome.exit_code}.")
        elif not lines:
            lines.append("The program ended without output; print what you want to see.")
        data = {
            "exit_code": outcome.exit_code,
            "ended": outcome.ended,
            "seconds": round(outcome.seconds, 3),
            "num_chars": outcome.num_chars,
        }
        return ToolResult("\n".join(lines), data, error=bool(outcome.exit_code or outcome.ended))


async def python_tool(
    *, limits: Limits | None = None, folders: Sequence[Path] = (), bwrap: str | None = None
) -> FunctionTool | Unavailable:
    """Make the `python` tool, after a trial that the sandbox works here.

    Args:
        limits: bounds on each run.
        folders: folders that the code may read, as `/data/NAME`.
        bwrap: path of bubblewrap; looked for on the PATH by default.

    Raises:
        InputError: one of the folders is not a folder.
    """
    if not sys.platform.startswith("linux"):
        return Unavailable("python", "the sandbox needs Linux")
    if not supported():
        return Unavailable("python", "there is no system-call filter for this processor; x86_64 and aarch64 have one")
    path = bwrap or shutil.which("bwrap")
    if path is None:
        return Unavailable("python", f"bubblewrap is missing; {_INSTALL}")
    sandbox = PythonSandbox(path, limits=limits, folders=folders)
    try:
        trial = await run_code(path, _TRIAL, sandbox.limits, {})
    except OSError as error:
        return Unavailable("python", f"{path} cannot be started ({error.strerror}); {_INSTALL}")
    if trial.output.strip() != "42":
        said = (trial.output.strip().splitlines() or [trial.ended or f"exit code {trial.exit_code}"])[-1]
        return Unavailable(
            "python",
            f"bubblewrap does not work here ({said[:200]}); it must be version 0.8 or later and the system "
            "must allow unprivileged user namespaces",
        )
    if not trial.watched:
        return Unavailable("python", "this system does not let the sandbox be watched (/proc is hidden or incomplete)")
    return FunctionTool(sandbox.python)


def _named(folders: Sequence[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder}: not a folder; give folders that the code may read")
        name = folder.resolve().name or "root"
        number = 2
        while name in named:
            name = f"{folder.resolve().name}_{number}"
            number += 1
        named[name] = folder
    return named
