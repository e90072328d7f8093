"""The status page in a real browser, over HTTP: its policy lets its own style sheet through."""

import asyncio
import struct
import subprocess
import zlib
from datetime import UTC
from pathlib import Path

import pytest

from maildaemon.adapters.http import HOST, Answer, HttpServer
from maildaemon.cli.status_page import STYLE_SOURCE, render_page
from tests.servers import process
from tests.unit.test_status_page import ILL, NOW, WELL

PAPER = {"light": (0xFF, 0xFF, 0xFF), "dark": (0x17, 0x18, 0x1C)}


def first_pixel(png: bytes) -> tuple[int, ...]:
    """Return the colour in the upper left corner, which no filter of the format changes."""
    at, packed = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        packed += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    return tuple(zlib.decompress(packed)[1:4])


@pytest.mark.sqlite
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_chromium_shows_the_page_with_its_style(scheme: str, tmp_path: Path) -> None:
    chromium = process.require_program("chromium", "chromium")
    asked: list[str] = []

    async def answer(path: str) -> Answer:
        asked.append(path)
        page = render_page((WELL, ILL), NOW, UTC)
        return Answer(200, "text/html; charset=utf-8", page, STYLE_SOURCE)

    server = HttpServer(0, answer)
    await server.open()
    shot = tmp_path / "shot.png"
    command = [
        *(chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        *(f"--user-data-dir={tmp_path / 'profile'}", "--window-size=390,800"),
        *(("--force-dark-mode",) if scheme == "dark" else ()),
        *(f"--screenshot={shot}", f"http://{HOST}:{server.port}/"),
    ]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, timeout=100, check=False
    )
    await server.close()

    assert done.returncode == 0, done.stderr.decode()
    assert first_pixel(shot.read_bytes()) == PAPER[scheme]
    assert {*asked} <= {"/", "/favicon.ico"}
