"""Connections that only the guard opens: a network backend for httpcore2."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2

from tamsa.tools.web.guard import Guard


class PinnedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves and checks a host, then connects to the address that was checked.

    httpcore2 takes the name for TLS (SNI, certificate) and the Host header from the URL, so pinning the
    address changes neither.
    """

    def __init__(self, guard: Guard, backend: httpcore2.AsyncNetworkBackend | None = None) -> None:
        self._guard = guard
        self._backend = backend or httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Open a connection to the first checked address that answers.

        Raises:
            RefusedError: the guard does not allow the host.
            httpcore2.ConnectError: no address of it answers.
        """
        try:
            addresses = await self._guard.addresses(host, port)
        except OSError as error:
            raise httpcore2.ConnectError(f"the name {host} cannot be resolved") from error
        failure: Exception = httpcore2.ConnectError(f"{host} does not answer")
        for address in addresses[:4]:
            try:
                return await self._backend.connect_tcp(
                    address, port, timeout=timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.AsyncNetworkStream:
        """Refuse: no URL leads to a socket of this machine."""
        raise httpcore2.ConnectError("sockets of this machine are not asked")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._backend.sleep(seconds)


def make_pool(guard: Guard, *, ssl_context: ssl.SSLContext | None = None) -> httpcore2.AsyncConnectionPool:
    """Make a connection pool behind the guard. No proxy of the environment is used: it would resolve names itself."""
    return httpcore2.AsyncConnectionPool(
        ssl_context=ssl_context,
        max_connections=20,
        max_keepalive_connections=5,
        keepalive_expiry=10.0,
        http1=True,
        http2=False,
        network_backend=PinnedBackend(guard),
    )
