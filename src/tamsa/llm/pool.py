"""The models of one command, in their roles: those on one endpoint share its places."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tamsa.llm.settings import ModelSettings
from tamsa.llm.slots import Slots
from tamsa.llm.specs import open_model
from tamsa.types import Model


class ModelPool:
    """Opens models and closes them together. Use one instance within one event loop.

    Args:
        factories: builders by kind of spec, as for `open_model`.
    """

    def __init__(self, factories: Mapping[str, Callable[..., Model]] | None = None) -> None:
        self._factories = factories
        self._slots: dict[tuple[str | None, str | None], Slots] = {}
        self._models: list[Model] = []

    def open(self, spec: str, settings: ModelSettings | None = None) -> Model:
        """Open a model; the first on an endpoint and key sets how many requests may be in flight there.

        Raises:
            ConfigError, InputError: as for `open_model`.
        """
        model = open_model(spec, settings, self._factories, self._places)
        self._models.append(model)
        return model

    def _places(self, settings: ModelSettings) -> Slots:
        key = (settings.base_url, settings.secret)
        if key not in self._slots:
            self._slots[key] = Slots(settings)
        return self._slots[key]

    async def aclose(self) -> None:
        """Close every model opened here."""
        while self._models:
            await self._models.pop().aclose()
