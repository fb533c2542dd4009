"""The commands by name: each is imported when it is run or listed, so that one does not wait for the others."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, MutableMapping
from typing import Any

import typer
from typer.core import TyperGroup

_HOMES = {
    "research": "research",
    "steer": "research",
    "index": "corpus",
    "search": "corpus",
    "eval": "evaluation",
    "synthesize": "synthesize",
    "world": "world",
    "train": "train",
    "reproduce": "reproduce",
}
"""Modules of this package. A group of commands is its `app`; a command is `NAME_command`, with what `EPILOGS` says."""


class _Commands(MutableMapping[str, Any]):
    """Name to command, made when it is asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            if name not in _HOMES:
                raise KeyError(name)
            self._made[name] = _make(name, importlib.import_module(f"tamsa.cli.{_HOMES[name]}"))
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


def _make(name: str, module: Any) -> Any:
    if hasattr(module, "app"):
        command: Any = typer.main.get_command(module.app)
        command.name = name
        return command
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
    epilog = getattr(module, "EPILOGS", {}).get(name)
    alone.command(name, epilog=epilog)(getattr(module, f"{name}_command"))
    return typer.main.get_command(alone)


class LazyGroup(TyperGroup):
    """The `tamsa` command, whose sub-commands are imported when they are needed."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands()

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, without importing anything."""
        return list(self.commands)
