"""The `tamsa` command: a user's mistake is exit code 2 and one line, or typer's box where an option is wrong."""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import sys
from typing import NoReturn

import typer

from tamsa import __version__
from tamsa.cli.commands import LazyGroup
from tamsa.cli.screen import literal
from tamsa.errors import TamsaError

app = typer.Typer(
    name="tamsa",
    cls=LazyGroup,
    help="Deep research on your own documents: search, read, reason, and answer with verified quotes. "
    "Nothing leaves the machine unless you choose a remote model.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def fail(message: str, code: int = 2) -> NoReturn:
    """Print one line to the error stream and exit."""
    line = " ".join(literal(message).split())
    print(f"tamsa: {line}", file=sys.stderr)
    raise SystemExit(code)


SWITCH_S = 2e-4
"""Seconds after which a thread in Python code lets another one go on. A local model decodes in a thread of its own and
comes back to Python after every operation: at the usual 5 ms it would wait for the agent's threads most of the time."""


def main() -> None:
    """Run the command line."""
    sys.setswitchinterval(SWITCH_S)
    if "RANK" not in os.environ:  # threads of a group of processes end only when the collector has found the group
        atexit.register(gc.freeze)  # the interpreter need not look through everything once more before it ends
    try:
        app()
    except TamsaError as error:
        fail(str(error))
    except (KeyboardInterrupt, asyncio.CancelledError):
        fail("stopped", 130)
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None
    except OSError as error:
        fail(f"{error.filename or 'system'}: {error.strerror or error}")
