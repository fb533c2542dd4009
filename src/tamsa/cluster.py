"""A Ray cluster: found before anything waits for it, so that a wrong address is one line within seconds."""

from __future__ import annotations

import importlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tamsa.errors import ConfigError

LOCAL = "local"
"""Address that starts a cluster on this machine."""
REACH_S = 5.0
"""Seconds that a cluster may take to say that it is there. Ray itself would wait for minutes."""
CLIENT_PORT = 10001
"""Port of `ray://HOST` where none is named."""
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""What a client says first to a gRPC server, with an empty frame of settings (RFC 9113, sections 3.4 and 6.5)."""
_SETTINGS = 4


def load_ray() -> Any:
    """Import Ray.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        ray: Any = importlib.import_module("ray")
    except ImportError as error:
        raise ConfigError("a Ray cluster needs Ray; install it with: pip install 'tamsa[ray]'") from error
    return ray


def check_cluster(address: str) -> None:
    """See that Ray is installed and that something at the address speaks as a cluster does.

    Raises:
        ConfigError: it is not, or nothing there answers within a few seconds.
    """
    load_ray()
    place = _place(address)
    if place is None:
        return
    try:
        with socket.create_connection(place, timeout=REACH_S) as connection:
            connection.sendall(_PREFACE)
            answer = connection.recv(9)
    except OSError as error:
        raise _missing(address, error.strerror or str(error)) from error
    if len(answer) < 4 or answer[3] != _SETTINGS:
        raise _missing(address, "what answers there is no Ray")


def _place(address: str) -> tuple[str, int] | None:
    """Return host and port of an address; None where Ray starts or finds the cluster itself, or encrypts."""
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS", "")
    if address in ("", "auto", LOCAL) or os.environ.get("RAY_USE_TLS") == "1":
        return None
    client = address.startswith("ray://")
    host, _, port = address.removeprefix("ray://").partition("/")[0].rpartition(":")
    if not host and client:
        host, port = port, str(CLIENT_PORT)
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError(f"ray {address}: no address; give HOST:PORT, ray://HOST:PORT, auto or local")
    return host.strip("[]"), int(port)


def _missing(address: str, why: object) -> ConfigError:
    why = str(why).strip().partition("\n")[0].rstrip(".")
    return ConfigError(f"ray {address}: no such cluster ({why}); start one with: ray start --head")


@contextmanager
def connected(address: str, workers: int, cpus: int = 1, gpus: float = 0) -> Iterator[Any]:
    """Connect to a cluster that has room for each worker; leave it at the end, unless it was joined before.

    Args:
        address: of the cluster; `local` starts one with as many processors as the workers need.
        workers: how many there will be.
        cpus: processors of each.
        gpus: GPUs of each, or shares of one.

    Raises:
        ConfigError: Ray is not installed, there is no such cluster, or it is too small.
    """
    ray = load_ray()
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else it warns of a change of its own
    mine = not ray.is_initialized()
    if mine:
        check_cluster(address)
        where: dict[str, Any] = {"address": address}  # of `local` too: else Ray would join what runs here already
        if address == LOCAL:
            where |= {"num_cpus": workers * cpus, "include_dashboard": False}
        try:
            ray.init(log_to_driver=False, logging_level="error", **where)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise _missing(address, error) from error
    try:
        found = ray.cluster_resources()
        for name, key, needed in (("processors", "CPU", workers * cpus), ("GPUs", "GPU", workers * gpus)):
            if found.get(key, 0) < needed:  # the actors beyond would be waited for without end
                has = f"{found.get(key, 0):g} {name}"
                raise ConfigError(f"{workers} workers: the cluster at {address} has {has}, they need {needed:g}")
        yield ray
    finally:
        if mine:
            ray.shutdown()
