"""Which addresses of the web may be asked; decided after name resolution, of the very address that is connected to.

A page, a search result or a model may name any URL. The guard keeps it off this machine and its
networks: it looks at the URL (scheme, credentials, port, form of the host), resolves the name once,
refuses the request if any of its addresses is not public, and connects to the very address it has
checked; TLS still verifies the certificate against the name. Every redirect and retry comes through
here again, since this is the only way to open a connection.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from tamsa.errors import ToolError

MAX_URL_CHARS = 2048
PORTS = frozenset({80, 443, 8080, 8443})
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Finds the addresses of a host name, as text."""

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER_LIKE = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_LOCAL_NAMES = frozenset(
    {"localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "onion", "invalid"}
)
_REFUSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; also one cloud's metadata (100.100.100.200)
        "127.0.0.0/8",
        "168.63.129.16/32",  # another cloud's, on an address that is public by its form
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",  # special purposes, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
        "5f00::/16",
    )
)
_PUBLIC_V6 = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class RefusedError(ToolError):
    """A URL that the policy keeps the tools away from; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that passed the checks of its form."""

    url: str
    """Normal form: lower-case ASCII host, no fragment, path and query percent-encoded."""
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def netloc(self) -> str:
        """Host and port as a URL writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _default_port(self.scheme) else f"{host}:{self.port}"


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard:
    """The policy on URLs and addresses.

    Args:
        trusted: one `(host, port)` that is let through whatever its address: a search engine that the user
            runs, or the server of a test. It is matched against the host as the URL names it and against
            the resolved address, always together with the port.
        resolver: finds addresses; the system's own by default.
    """

    def __init__(self, *, trusted: tuple[str, int] | None = None, resolver: Resolver = resolve) -> None:
        self._trusted = (trusted[0].lower(), trusted[1]) if trusted else None
        self._resolver = resolver

    def check_url(self, url: str) -> Target:
        """Check the form of a URL and normalise it.

        Raises:
            RefusedError: the policy does not allow it.
        """
        shown = repr(url[:200])
        if len(url) > MAX_URL_CHARS:
            raise RefusedError(f"the URL {shown}… is longer than {MAX_URL_CHARS} characters")
        url = url.strip(" ")
        if any(ord(char) < 33 or ord(char) == 127 or char.isspace() for char in url) or "\\" in url:
            raise RefusedError(f"the URL {shown} holds spaces, control characters or backslashes")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise RefusedError(f"{shown} is not a URL ({error})") from error
        if parts.scheme not in ("http", "https"):
            raise RefusedError(f"the URL {shown} is not http or https")
        if "@" in parts.netloc:
            raise RefusedError("the URL carries a user name or password; such URLs are not opened")
        port = _default_port(parts.scheme) if port is None else port
        host = self._host(parts.hostname or "", shown, bracketed=parts.netloc.startswith("["))
        if port not in PORTS and not self._is_trusted_port(port):
            raise RefusedError(f"the URL {shown} asks port {port}; only {', '.join(map(str, sorted(PORTS)))} are asked")
        target = Target("", parts.scheme, host, port)
        if not self._is_trusted(host, port):
            if (address := _literal(host)) is not None:
                self._check_address(address, host, port)
            elif host.rpartition(".")[2] in _LOCAL_NAMES or "." not in host or host.endswith(".home.arpa"):
                raise RefusedError(f"{host} is a name of a local network; only public hosts are asked")
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
        return Target(urlunsplit((parts.scheme, target.netloc, path, query, "")), parts.scheme, host, port)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Resolve a host and return its addresses, all of them checked.

        Raises:
            RefusedError: one of them is not public.
            OSError: the name cannot be resolved.
        """
        found = [str(text) for text in ([host] if _literal(host) is not None else await self._resolver(host, port))]
        if not found:
            raise OSError(f"{host} has no address")
        if not self._is_trusted(host, port):
            for text in found:
                address = _literal(text)
                if address is None:
                    raise RefusedError(f"{host} resolves to {text[:60]!r}, which is no plain address")
                self._check_address(address, host, port)
        return found

    def _is_trusted(self, host: str, port: int) -> bool:
        return self._trusted == (host.lower(), port)

    def _is_trusted_port(self, port: int) -> bool:
        return self._trusted is not None and self._trusted[1] == port

    def _host(self, host: str, shown: str, *, bracketed: bool) -> str:
        """Return a host in its one normal form."""
        if bracketed:
            address = _literal(host)
            if address is None:
                raise RefusedError(f"the host of {shown} is not a plain IPv6 address")
            return str(address)
        try:
            name = host.encode("idna").decode("ascii").lower() if not host.isascii() else host.lower()
        except UnicodeError as error:
            raise RefusedError(f"the host of {shown} is not a valid name") from error
        name = name.removesuffix(".")
        labels = name.split(".")
        if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
            raise RefusedError(f"the host of {shown} is not a valid name")
        if _NUMBER_LIKE.fullmatch(labels[-1]) and _literal(name) is None:
            # 2130706433, 0x7f.1, 0177.0.0.1 …: the C library would take each for an address
            raise RefusedError(f"the host of {shown} is an address in disguise")
        return name

    def _check_address(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address, host: str, port: int) -> None:
        if self._is_trusted(str(address), port) or is_public(address):
            return
        said = str(address) if str(address) == host else f"{host} ({address})"
        raise RefusedError(f"{said} is not a public address; this machine and its networks are not asked")


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Say whether an address lies on the public internet, whatever the version of the standard library thinks."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id:
            return False
        if address in _NAT64:  # networks without IPv4 reach public hosts by it
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _PUBLIC_V6 or (int(address) >> 32) & 0xFFFFFFFF in (0x00005EFE, 0x02005EFE):
            return False  # mapped, compatible, local, multicast …; or ISATAP, which embeds an IPv4 address
    if any(address.version == network.version and address in network for network in _REFUSED):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
