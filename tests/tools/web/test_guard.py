"""The SSRF suite: no form of a private address, and no way to one, is ever connected to."""

import asyncio
import ipaddress
from collections.abc import Callable, Sequence
from typing import Any

import httpcore2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tamsa.errors import ToolError
from tamsa.tools.web.connect import PinnedBackend
from tamsa.tools.web.fetch import Fetcher, FetchLimits
from tamsa.tools.web.guard import Guard, RefusedError, is_public
from tamsa.tools.web.pace import Pace

PUBLIC = "93.184.215.14"
NAMES = {
    "public.example.org": [PUBLIC],
    "private.example.org": ["10.1.2.3"],
    "loopback.example.org": ["127.0.0.1"],
    "six.example.org": ["::1"],
    "mixed.example.org": [PUBLIC, "192.168.1.1"],
    "metadata.example.org": ["169.254.169.254"],
    "mapped.example.org": ["::ffff:127.0.0.1"],
    "scoped.example.org": ["fe80::1%eth0"],
    "nat64.example.org": ["64:ff9b::7f00:1"],
    "odd.example.org": ["127.1"],
    "zero.example.org": ["0.0.0.0"],
    "empty.example.org": [],
    "localtest.me": ["127.0.0.1"],
    "127.0.0.1.nip.io": ["127.0.0.1"],
}
REFUSED = """
http://127.0.0.1/ http://127.0.0.1:8080/admin http://127.1/ http://127.0.1/ http://127.255.255.254/
http://2130706433/ http://017700000001/ http://0177.0.0.1/ http://0x7f.0.0.1/ http://0x7f000001/ http://0x7f.1/
http://127.0.0.1./ http://127.0.0.1../ http://0/ http://0.0.0.0/ http://00000000.0/ http://1/
http://010.0.0.1/ http://10.0.0.1/ http://10.255.255.255/ http://172.16.0.1/ http://172.31.255.1/ http://192.168.0.1/
http://192.168.1.1.:443/ http://169.254.169.254/latest/meta-data/ http://169.254.169.254.:80/ http://2852039166/
http://0xa9fea9fe/ http://0251.0376.0251.0376/ http://0xa9.0xfe.0xa9.0xfe/ http://169.16689662/
http://100.64.0.1/ http://100.100.100.200/ http://168.63.129.16/ http://192.0.0.192/ http://198.18.0.1/
http://192.0.2.1/ http://203.0.113.9/ http://224.0.0.1/ http://239.255.255.250/ http://240.0.0.1/ http://255.255.255.255/
http://[::1]/ http://[::]/ http://[0:0:0:0:0:0:0:1]/ http://[0000::1]:8080/ http://[::127.0.0.1]/
http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/ http://[::ffff:10.0.0.1]/ http://[::ffff:169.254.169.254]/
http://[0:0:0:0:0:ffff:7f00:0001]/ http://[::ffff:0:127.0.0.1]/ http://[64:ff9b::127.0.0.1]/ http://[64:ff9b::a00:1]/
http://[64:ff9b:1::7f00:1]/ http://[2002:7f00:1::]/ http://[2002:a9fe:a9fe::1]/ http://[2001:0:7f00:1::]/
http://[2001:0000:4136:e378:8000:63bf:3fff:fdd2]/ http://[2001:db8::1]/ http://[fe80::1]/ http://[fe80::1%25eth0]/
http://[fc00::1]/ http://[fd00:ec2::254]/ http://[ff02::1]/ http://[100::1]/ http://[2a00:1450:4001::200:5efe:7f00:1]/
http://localhost/ http://LOCALHOST/ http://localhost./ http://foo.localhost/ http://router.local/ http://intranet/
http://metadata.google.internal/ http://printer.lan/ http://box.home.arpa/ http://hidden.onion/
http://private.example.org/ http://loopback.example.org/ http://six.example.org/ http://mixed.example.org/
http://metadata.example.org/ http://mapped.example.org/ http://scoped.example.org/ http://nat64.example.org/
http://odd.example.org/ http://zero.example.org/ http://localtest.me/ http://127.0.0.1.nip.io/
https://loopback.example.org/ HTTP://LOOPBACK.EXAMPLE.ORG/ http://loopback.example.org.:80/
http://①②⑦.⓪.⓪.①/ http://１２７.０.０.１/ http://127。0。0。1/ http://127．0．0．1/ http://ⓛocalhost/ http://ｌｏｃａｌｈｏｓｔ/
http://０x7f.1/ http://①⑥⑨.②⑤④.①⑥⑨.②⑤④/
http://user@public.example.org/ http://user:pass@public.example.org/ http://public.example.org@127.0.0.1/
http://127.0.0.1#@public.example.org/ http://127.0.0.1%23@public.example.org/ http://@public.example.org/
http://public.example.org:22/ http://public.example.org:6379/ http://public.example.org:0/ http://public.example.org:99999/
http://public.example.org:11434/ http://public.example.org:-80/ http://public.example.org:8o/
http://127.0.0.1\\@public.example.org/ http://public.example.org\\@127.0.0.1/ http:\\\\127.0.0.1/
http://%31%32%37.0.0.1/ http://127.0.0.%31/ http://public.example.org%00.127.0.0.1/ http://[::1/ http://::1/ http://[127.0.0.1]/
http:///etc/passwd http:127.0.0.1 http://.example.org/ http://a..example.org/ http://-/ http://exa_mple*/
file:///etc/passwd ftp://public.example.org/ gopher://127.0.0.1:6379/_INFO dict://127.0.0.1:11211/ data:text/html,x
javascript:alert(1) ws://public.example.org/ unix:///var/run/docker.sock jar:http://127.0.0.1!/ //127.0.0.1/ 127.0.0.1
""".split()


async def resolve(host: str, port: int) -> Sequence[str]:
    if host not in NAMES:
        raise OSError("no such name")
    return NAMES[host]


class Recorder(httpcore2.AsyncNetworkBackend):
    """Stands in for the network: notes where a connection would go, and makes none."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def connect_tcp(self, host: str, port: int, **options: Any) -> httpcore2.AsyncNetworkStream:
        self.asked.append(host)
        raise httpcore2.ConnectError("no network in tests")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(httpcore2, "AnyIOBackend", lambda: recorder)
    return recorder


def guarded(resolver: Any = resolve) -> Fetcher:
    limits = FetchLimits(max_retries=3, backoff_s=0)
    return Fetcher(Guard(resolver=resolver), pace=Pace(interval_s=0), limits=limits, robots=False)


def test_suite_is_large_enough() -> None:
    assert len(set(REFUSED)) >= 60


@pytest.mark.parametrize("url", REFUSED)
async def test_no_private_url_passes(url: str, network: Recorder) -> None:
    fetcher = guarded()
    with pytest.raises(RefusedError):
        await fetcher.fetch(url)
    assert network.asked == []
    await fetcher.aclose()


@pytest.mark.parametrize(
    "url",
    [
        "http://public.example.org/",
        "https://public.example.org:8443/a?b=c#d",
        "HTTP://Public.Example.ORG./",
        f"http://{PUBLIC}/",
        "http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
        f"http://[64:ff9b::{PUBLIC}]/",
    ],
)
async def test_public_url_is_asked_at_the_checked_address(url: str, network: Recorder) -> None:
    fetcher = guarded()
    with pytest.raises(ToolError, match="cannot be reached"):
        await fetcher.fetch(url)
    assert network.asked
    assert all(is_public(ipaddress.ip_address(address)) for address in network.asked)
    await fetcher.aclose()


async def test_name_is_resolved_once_for_each_connection(network: Recorder) -> None:
    """A name that turns private between the check and the use has no such moment: there is one answer."""
    answers = [[PUBLIC], ["127.0.0.1"], [PUBLIC], ["127.0.0.1"]]
    given_out: list[list[str]] = []

    async def turning(host: str, port: int) -> Sequence[str]:
        given_out.append(answers[len(given_out) % 4])
        return given_out[-1]

    fetcher = guarded(turning)
    with pytest.raises(RefusedError, match=r"127\.0\.0\.1"):
        await fetcher.fetch("http://turning.example.org/")
    assert network.asked == [PUBLIC]
    assert len(given_out) == 2  # the retry asked again, and was refused
    await fetcher.aclose()


async def test_all_addresses_of_a_name_must_be_public(network: Recorder) -> None:
    for order in ([PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC], [PUBLIC, "::1"]):

        async def both(host: str, port: int, order: list[str] = order) -> Sequence[str]:
            return order

        fetcher = guarded(both)
        with pytest.raises(RefusedError):
            await fetcher.fetch("http://both.example.org/")
        await fetcher.aclose()
    assert network.asked == []


RELATIVE = ("http:///etc/passwd", "http:127.0.0.1", "127.0.0.1")  # as a redirect, paths on the same host


@pytest.mark.parametrize("place", [url for url in REFUSED if url not in RELATIVE])
async def test_no_redirect_leads_to_a_private_url(place: str, site: Any, make_fetcher: Callable[..., Fetcher]) -> None:
    head = b"HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: "
    site.routes["/go"] = head + place.encode() + b"\r\n\r\n"
    fetcher = make_fetcher(resolver=resolve)
    with pytest.raises(ToolError):
        await fetcher.fetch(f"{site.url}/go")
    assert set(site.paths) == {"/go"}


async def test_override_allows_one_host_and_port_alone(site: Any, make_fetcher: Callable[..., Fetcher]) -> None:
    guard = Guard(trusted=("127.0.0.1", site.port))
    assert guard.check_url(f"{site.url}/x").port == site.port
    for url in (f"http://127.0.0.1:{site.port + 1}/", "http://127.0.0.1/", f"http://127.0.0.2:{site.port}/"):
        with pytest.raises(RefusedError):
            guard.check_url(url)
    with pytest.raises(RefusedError):
        await guard.addresses("localhost", 80)


async def test_sockets_of_the_machine_are_refused() -> None:
    with pytest.raises(httpcore2.ConnectError):
        await PinnedBackend(Guard()).connect_unix_socket("/var/run/docker.sock")


async def test_proxy_of_the_environment_is_not_used(network: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    fetcher = guarded()
    with pytest.raises(ToolError):
        await fetcher.fetch("http://public.example.org/")
    assert set(network.asked) == {PUBLIC}
    await fetcher.aclose()


def test_url_has_one_normal_form() -> None:
    forms = ["http://Public.example.org", "http://public.example.org:80/", "HTTP://public.example.org./#top"]
    assert {Guard().check_url(form).url for form in forms} == {"http://public.example.org/"}
    assert Guard().check_url("https://bücher.example.org/ä?q=ö b".replace(" ", "%20")).url == (
        "https://xn--bcher-kva.example.org/%C3%A4?q=%C3%B6%20b"
    )
    with pytest.raises(RefusedError, match="longer"):
        Guard().check_url("http://public.example.org/" + "x" * 3000)


@given(st.ip_addresses(v=4))
def test_public_ipv4_is_global(address: ipaddress.IPv4Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not (address.is_private or address.is_loopback or address.is_link_local or address.is_multicast)


@given(st.ip_addresses(v=4))
@example(ipaddress.IPv4Address(PUBLIC))
def test_ipv4_inside_ipv6_is_never_public_but_by_nat64(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for prefix in (0, 0xFFFF << 32, 0xFFFF << 48, 0x2002 << 112, 0x20010000 << 96, 0x64FF9B0001 << 88):
        shift = 80 if prefix == 0x2002 << 112 else 0
        assert not is_public(ipaddress.IPv6Address(prefix | number << shift))
    assert is_public(ipaddress.IPv6Address((0x64FF9B << 96) | number)) == is_public(address)


@given(st.text(max_size=60))
@example("http://[")
@example("http://[::1]:99999999999/")
def test_any_text_is_a_target_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"http://{text}.example.org/", f"http://example.org/{text}"):
        try:
            target = Guard().check_url(url)
        except RefusedError:
            continue
        assert target.url.isascii()
        assert Guard().check_url(target.url) == target
