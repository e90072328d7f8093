"""Debian's Chromium without a window, spoken to by the pipe of its developer tools: no library, no port.

What is evaluated in a page is not bound by the page's own Content-Security-Policy.
"""

import base64
import itertools
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.servers.process import require_program

_OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
    *("--no-first-run", "--disable-background-networking", "--remote-debugging-pipe"),
    "about:blank",
)
# It reads what it is told from descriptor 3, and answers by 4.
_PLACE = """if True:
    import fcntl, os, sys
    copies = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3]]
    for number, copy in enumerate(copies, 3):
        os.dup2(copy, number)
    os.execv(sys.argv[3], sys.argv[3:])
"""
_WITHIN = 60
_PIECE = 1 << 20


class Chromium:
    """One browser with one page."""

    def __enter__(self) -> Self:
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        program = require_program("chromium", "chromium")
        profile = f"--user-data-dir={self._profile.name}"
        line = (sys.executable, "-c", _PLACE, str(theirs_in), str(theirs_out))
        self._process = subprocess.Popen(
            [*line, program, profile, *_OPTIONS],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs_in, theirs_out),
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._numbers, self._unread = itertools.count(1), b""
        self._session: str | None = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._call("Page.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for descriptor in (self._to, self._from):
            os.close(descriptor)
        self._profile.cleanup()

    def show(self, url: str, size: tuple[int, int], **features: str) -> None:
        """Load a page in a window of that width and height; `features` are those of the media, such
        as `prefers_color_scheme="dark"`.
        """
        width, height = size
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        wanted = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self._call("Emulation.setEmulatedMedia", features=wanted)
        self._call("Page.navigate", url=url)
        self._read(lambda it: it.get("method") == "Page.loadEventFired")

    def ask(self, expression: str) -> Any:
        """Return what an expression of the page's own language comes to, waiting for a promise."""
        found = self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press_tab(self) -> None:
        """Press the key that leads to the next thing."""
        for kind in ("rawKeyDown", "keyUp"):
            self._call(
                "Input.dispatchKeyEvent",
                type=kind,
                key="Tab",
                code="Tab",
                windowsVirtualKeyCode=9,
            )

    def picture(self, path: Path) -> None:
        """Write what the window shows."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def _call(self, method: str, **params: object) -> Any:
        number = next(self._numbers)
        request: dict[str, object] = {"id": number, "method": method, "params": params}
        if self._session:
            request["sessionId"] = self._session
        os.write(self._to, json.dumps(request).encode() + b"\0")
        answer = self._read(lambda it: it.get("id") == number)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def _read(self, is_it: Any) -> Mapping[str, Any]:
        until = time.monotonic() + _WITHIN
        while True:
            while b"\0" in self._unread:
                message, _, self._unread = self._unread.partition(b"\0")
                if is_it(found := json.loads(message)):
                    answer: Mapping[str, Any] = found
                    return answer
            left = max(0.0, until - time.monotonic())
            assert select.select([self._from], [], [], left)[0], "Chromium says nothing"
            piece = os.read(self._from, _PIECE)
            assert piece, "Chromium has ended"
            self._unread += piece
