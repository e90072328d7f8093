"""Commands without their start: a process that has loaded the program forks into each of them.

To load it takes longer than most commands. What is forked is what `python -m maildaemon` would be:
a process with a folder, an environment and standard streams of its own, which ends as `main` does.
Daemons (`Installation.running`) and whoever says `cold` start from nothing.
"""

import atexit
import functools
import json
import os
import pkgutil
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import maildaemon
from maildaemon.cli import main

_ROOT = Path(__file__).parents[2]
_LARGEST_REQUEST = 100_000
# Shows and processes of their own, or what only some installations have.
_NOT_LOADED = ("maildaemon.__main__", "maildaemon.cli.demo", "maildaemon.cli.demonstration")


class Ready:
    """The process that waits; one command runs at a time."""

    def __init__(self) -> None:
        """Start it; the first command waits until it has loaded the program."""
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], within: float
    ) -> tuple[int, bytes, bytes]:
        """Return the exit code of a command (negative: the signal) and what it wrote."""
        request = json.dumps([arguments, str(folder), dict(environment)]).encode()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            socket.send_fds(self._line, [request], [out.fileno(), err.fileno()])
            self._line.settimeout(within)
            try:
                code = int(self._line.recv(100))
            except TimeoutError:
                self.end()
                raise
            out.seek(0)
            err.seek(0)
            return code, out.read(), err.read()

    def end(self) -> None:
        """Leave nothing running."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._line.close()
        ready.cache_clear()


@functools.cache
def ready() -> Ready:
    """Return the one of this session."""
    begun = Ready()
    atexit.register(begun.end)
    return begun


def _serve(line: socket.socket) -> None:
    _load()
    while True:
        request, streams, _, _ = socket.recv_fds(line, _LARGEST_REQUEST, 2)
        if not request:
            return
        if os.fork() == 0:
            line.close()
            _become(streams, *json.loads(request))
        _, status = os.wait()
        for stream in streams:
            os.close(stream)
        line.send(str(os.waitstatus_to_exitcode(status)).encode())


def _load() -> None:
    for module in pkgutil.walk_packages(maildaemon.__path__, "maildaemon."):
        if not module.name.startswith(_NOT_LOADED):
            import_module(module.name)
    for name in ("alembic.command", "apscheduler.schedulers.asyncio", "sqlite3"):
        import_module(name)


def _become(
    streams: list[int], arguments: list[str], folder: str, environment: dict[str, str]
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    random.seed()
    for number, stream in enumerate(streams, 1):
        os.dup2(stream, number)
        os.close(stream)
    sys.argv = ["maildaemon", *arguments]
    main()


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
