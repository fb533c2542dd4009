"""The pinned address changes neither the name that TLS asks for nor the one it verifies."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tamsa.errors import ToolError
from tamsa.tools.web.fetch import Fetcher, FetchLimits
from tamsa.tools.web.guard import Guard
from tamsa.tools.web.pace import Pace

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


async def to_loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


async def test_certificate_is_verified_against_the_name(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate of this test")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=site.example.org"
    )
    extension = ["-addext", "subjectAltName=DNS:site.example.org", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *extension], check=True, capture_output=True)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate, key)
    asked: list[str | None] = []
    server_side.sni_callback = lambda connection, name, context: asked.append(name)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_side)
    port = server.sockets[0].getsockname()[1]
    fetcher = Fetcher(
        Guard(trusted=("127.0.0.1", port), resolver=to_loopback),
        pace=Pace(interval_s=0),
        limits=FetchLimits(max_retries=0),
        robots=False,
        ssl_context=ssl.create_default_context(cafile=str(certificate)),
    )
    assert (await fetcher.fetch(f"https://site.example.org:{port}/")).body == b"hello"
    for name in ("other.example.org", "127.0.0.1"):
        with pytest.raises(ToolError, match="cannot be reached"):
            await fetcher.fetch(f"https://{name}:{port}/")
    assert asked[:2] == ["site.example.org", "other.example.org"]
    await fetcher.aclose()
    server.close()
