"""What every throw-away server needs: free ports, a folder that `nobody` can reach, waiting, ending."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

HOST = "127.0.0.1"
_ROOM = 1 << 30


class ServerMissingError(RuntimeError):
    """A server the tests need is not installed or may not be started; never a reason to skip."""


def require_program(name: str, packages: str, folders: str = "/usr/lib/dovecot") -> str:
    """Return the path of a server program; daemons live in sbin, which is often not in PATH."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:{folders}")
    if path is None:
        raise ServerMissingError(f"{name} is not installed; run: apt-get install {packages}")
    return path


def free_ports(count: int) -> list[int]:
    """Return ports nobody listens on now; all are held at once, so that they differ."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def temporary_folder(prefix: str, *, in_memory: bool = False) -> Path:
    """Return a new folder that an unprivileged server can own and reach; in memory, where there is
    room for it.

    pytest's tmp_path will not do: as root its parents are closed to everybody else.
    """
    memory = Path("/dev/shm")
    roomy = in_memory and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=memory if roomy else "/tmp"))
    folder.chmod(0o755)
    return folder


def unprivileged() -> tuple[str, int, int]:
    """Return name, uid and gid of the user that servers run as: ourselves, but never root."""
    if os.getuid() != 0:
        me = pwd.getpwuid(os.getuid())
        return me.pw_name, me.pw_uid, me.pw_gid
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_name, nobody.pw_uid, nobody.pw_gid


def dies_with_us(sig: signal.Signals) -> list[str]:
    """Return what to put before a server's command, so that it ends when the tests are killed.

    It ends with the thread that starts it, so a server is started by the main thread.
    """
    return [require_program("setpriv", "util-linux"), "--pdeathsig", sig.name.removeprefix("SIG")]


def wait_until(happened: Callable[[], bool], timeout: float, what: str) -> None:
    """Return as soon as `happened()`; raise AssertionError naming `what` when time is up.

    What takes longer is looked at more seldom: to look costs what is waited for its time.
    """
    began = time.monotonic()
    tick, pause = threading.Event(), 0.01
    while not happened():
        waited = time.monotonic() - began
        if waited > timeout:
            raise AssertionError(f"not within {timeout:g} s: {what}")
        tick.wait(pause)
        pause = min(pause * 1.2, max(0.1, waited / 100))


def answers(port: int, greeting: bytes) -> bool:
    """Tell whether a server on this port greets as expected."""
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            return connection.recv(512).startswith(greeting)
    except OSError:
        return False


def end(process: subprocess.Popen[bytes], sig: signal.Signals) -> None:
    """End a server that was started with `start_new_session`, with all its children; what does
    not heed the signal is killed.
    """
    if sig is not signal.SIGKILL:
        process.send_signal(sig)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
