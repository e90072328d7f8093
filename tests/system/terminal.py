"""A program in a real terminal: what it shows is waited for, what a person types is typed."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 60.0
_IMPATIENT = 10.0
_STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(slots=True)
class Terminal:
    """The window of one program; `shown` is all that it has shown, colours included."""

    window: int
    process: "subprocess.Popen[bytes]"
    shown: str = ""
    _read: int = 0

    def wait_for(self, text: str) -> str:
        """Return what was shown up to this text, after what was waited for before."""
        end = time.monotonic() + _LONGEST
        while text not in self.shown[self._read :]:
            if not self._take(end - time.monotonic()):
                raise AssertionError(f"{text!r} was never shown, but:\n{self.shown}")
        before = self._read
        self._read = self.shown.index(text, before) + len(text)
        return self.shown[before : self._read]

    def type(self, text: str, key: str = "\r") -> None:
        os.write(self.window, (text + key).encode())

    def answer(self, question: str, text: str) -> None:
        """Wait for the question, and type the answer and Enter."""
        self.wait_for(question)
        self.wait_for(": ")
        self.type(text)

    def end(self) -> int:
        """Read to the end; return the exit code."""
        end = time.monotonic() + _LONGEST
        while self._take(end - time.monotonic()):
            pass
        return self.process.wait(_LONGEST)

    def leave(self, key: str) -> int:
        """Press the key, as a person does: again, if nothing happens. Return the exit code.

        A signal that arrives after Python's last look for one and before it waits for a key is
        only seen at the next key.
        """
        pressed = threading.Event()
        again = threading.Thread(target=self._press, args=(key, pressed))
        again.start()
        try:
            return self.end()
        finally:
            pressed.set()
            again.join()

    @property
    def plain(self) -> str:
        """Return what was shown without colours."""
        return _STEERING.sub("", self.shown).replace("\r\n", "\n")

    def _press(self, key: str, ended: threading.Event) -> None:
        with suppress(OSError):  # nobody is there to hear it
            self.type("", key)
            while not ended.wait(_IMPATIENT):
                self.type("", key)

    def _take(self, seconds: float) -> bool:
        if seconds <= 0 or not select.select([self.window], [], [], seconds)[0]:
            raise AssertionError(f"it neither says anything nor ends:\n{self.shown}")
        try:
            more = os.read(self.window, 65536)
        except OSError:
            return False  # nobody has the terminal open any more
        self.shown += more.decode("utf-8", "replace")
        return bool(more)


@contextmanager
def terminal(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, columns: int = 80
) -> Iterator[Terminal]:
    """Start a program whose terminal this is: Ctrl-C reaches it as it does a person's."""
    window, inner = os.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    around = {key: value for key, value in environment.items() if key not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(
        ["setsid", "--ctty", *command],
        cwd=folder,
        env={"TERM": "xterm", **around},
        stdin=inner,
        stdout=inner,
        stderr=inner,
    )
    os.close(inner)
    try:
        yield Terminal(window, process)
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait(_LONGEST)
        os.close(window)
