"""Commands without their start: a process that has loaded the program forks into each of them.

To load it takes longer than most commands. What is forked is what `python -m maildaemon` would be:
a process with a folder, an environment and standard streams of its own, which ends as `main` does.
Whoever says `cold` starts from nothing.
"""

import atexit
import contextlib
import functools
import gc
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
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import IO

import maildaemon
from maildaemon.adapters.templates import TemplateComposer
from maildaemon.bootstrap import make_composer
from maildaemon.cli import main
from maildaemon.services import daemon, lease
from maildaemon.settings import minimal, read_settings

# The environment variables by which a test has leases end sooner, and a daemon look sooner again
# whether a mail to ourselves is due: seconds.
SHORT_LEASES = "SHORT_LEASES"
PROBE_EVERY = "PROBE_EVERY"
_ROOT = Path(__file__).parents[2]
_LARGEST_REQUEST = 100_000
_STARTS_WITHIN = 60
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

    def begin(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], log: IO[bytes]
    ) -> "Begun":
        """Start a command that other commands run beside; it writes to this file."""
        request = json.dumps([arguments, str(folder), dict(environment)]).encode()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            streams = [log.fileno(), log.fileno(), theirs.fileno()]
            socket.send_fds(self._line, [request], streams)
        return Begun(ours)

    def end(self) -> None:
        """Leave nothing running."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._line.close()
        ready.cache_clear()


class Begun:
    """A command that runs, with what a test needs of `subprocess.Popen`."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self.returncode: int | None = None
        self.pid = self._told(_STARTS_WITHIN)

    def poll(self) -> int | None:
        """Return the exit code (negative: the signal), None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when it has ended; raises TimeoutExpired."""
        if self.returncode is None:
            self.returncode = self._told(timeout)
            self._line.close()
        return self.returncode

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _told(self, timeout: float | None) -> int:
        self._line.settimeout(timeout)
        try:
            return int(self._line.recv(100))
        except (TimeoutError, BlockingIOError):
            raise subprocess.TimeoutExpired("maildaemon", timeout or 0) from None


@functools.cache
def ready() -> Ready:
    """Return the one of this session."""
    begun = Ready()
    atexit.register(begun.end)
    return begun


def _serve(line: socket.socket) -> None:
    _load()
    while True:
        request, descriptors, _, _ = socket.recv_fds(line, _LARGEST_REQUEST, 3)
        if not request:
            return
        if len(descriptors) == 3:
            _watch(request, descriptors, line)
        else:
            line.send(_code(_fork(request, descriptors, line)))
        for descriptor in descriptors:
            os.close(descriptor)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _watch(request: bytes, descriptors: list[int], line: socket.socket) -> None:
    """Have a process of its own start the command, and tell how it ended."""
    if os.fork():
        return
    *streams, link = descriptors
    pid = _fork(request, streams, line, link)
    os.write(link, str(pid).encode())
    os.write(link, _code(pid))
    os._exit(0)


def _fork(request: bytes, streams: list[int], line: socket.socket, *links: int) -> int:
    pid = os.fork()
    if pid == 0:
        line.close()
        for link in links:
            os.close(link)
        _become(streams, *json.loads(request))
    return pid


def _code(pid: int) -> bytes:
    _, status = os.waitpid(pid, 0)
    return str(os.waitstatus_to_exitcode(status)).encode()


def _load() -> None:
    for module in pkgutil.walk_packages(maildaemon.__path__, "maildaemon."):
        if not module.name.startswith(_NOT_LOADED):
            import_module(module.name)
    later = ("alembic.command", "apscheduler.schedulers.asyncio", "sqlalchemy.dialects.sqlite")
    for name in later:
        import_module(name)
    # What reads a configuration is put together when the first one is read.
    text = minimal("support@example.test", "localhost", "localhost")
    _verify_texts(make_composer(read_settings(text, Path("minimal.yaml"))))
    # What ends looks through all it has for what might go, and each page it touches is copied for
    # it: that took nine tenths of a short command. What is loaded here is left out of the search.
    gc.collect()
    gc.freeze()


def _verify_texts(shipped: TemplateComposer) -> None:
    """Write every mail that is shipped once, here, which takes longer than all else at a start.

    Commands verify what is not just that: own templates, other languages, notices.
    """
    verify = TemplateComposer.check
    verify(shipped)

    def check(composer: TemplateComposer, **given: bool) -> None:
        if _texts(composer) != _texts(shipped):
            verify(composer, **given)

    setattr(TemplateComposer, verify.__name__, check)


def _texts(composer: TemplateComposer) -> tuple[object, ...]:
    named = (composer._notices, composer._reminders, composer._timed)
    return (composer._folders, composer._supported, *named)


def _shorten_leases(seconds: str) -> None:
    """Let a lease last so long, and be renewed six times as often: half a minute is long here."""
    if seconds:
        life = timedelta(seconds=float(seconds))
        for name, lasts in {"LIFE": life, "RENEW_EVERY": life / 6, "MARGIN": life / 6}.items():
            setattr(lease, name, lasts)


def _look_again_for_probes(seconds: str) -> None:
    """Do so after this time: a daemon looks first before it has read the mailbox."""
    if seconds:
        name = "_PROBE_EVERY"
        assert hasattr(daemon, name)
        setattr(daemon, name, timedelta(seconds=float(seconds)))


def _become(
    streams: list[int], arguments: list[str], folder: str, environment: dict[str, str]
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    random.seed()
    _shorten_leases(os.environ.pop(SHORT_LEASES, ""))
    _look_again_for_probes(os.environ.pop(PROBE_EVERY, ""))
    for number, stream in enumerate(streams, 1):
        os.dup2(stream, number)
        os.close(stream)
    sys.argv = ["maildaemon", *arguments]
    main()


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
