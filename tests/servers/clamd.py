"""A throw-away clamd with two signatures of its own: EICAR's test file, and a word of ours."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any, Self

from tests.servers import process
from tests.servers.process import HOST

PACKAGES = "clamav-daemon"
# Put together here, so that no scanner on a developer's machine takes this file away.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EIC" + b"AR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MARKED = b"MAILDAEMON-TEST-" + b"VIRUS-MARKER"
LARGEST = 2_000_000

_CONFIG = """\
DatabaseDirectory {base}/db
LocalSocket {base}/clamd.sock
LocalSocketMode 666
TCPSocket {port}
TCPAddr {host}
LogFile {base}/log
TemporaryDirectory {base}
Foreground yes
StreamMaxLength {largest}
MaxThreads 4
CommandReadTimeout 5
"""


class Clamd:
    """A running scanner; its socket and port outlive `kill`, so that it can come back."""

    def __init__(self) -> None:
        self._program = process.require_program("clamd", PACKAGES, "/usr/sbin")
        self.base = process.temporary_folder("clamd")
        [self.port] = process.free_ports(1)
        self.socket = self.base / "clamd.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._make()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.base, ignore_errors=True)

    def _make(self) -> None:
        database = self.base / "db"
        database.mkdir()
        signatures = {"Local.Eicar": EICAR, "Local.Marked": MARKED}
        lines = (f"{name}:0:*:{content.hex()}\n" for name, content in signatures.items())
        (database / "local.ndb").write_text("".join(lines))
        md5 = hashlib.md5(EICAR, usedforsecurity=False).hexdigest()
        (database / "local.hdb").write_text(f"{md5}:{len(EICAR)}:Local.Eicar\n")
        config = _CONFIG.format(base=self.base, host=HOST, port=self.port, largest=LARGEST)
        (self.base / "clamd.conf").write_text(config)
        if os.getuid() == 0:
            for path in (self.base, database, *database.iterdir()):
                os.chown(path, *process.unprivileged()[1:])

    @property
    def _user(self) -> dict[str, Any]:
        _, uid, gid = process.unprivileged()
        return {"user": uid, "group": gid, "extra_groups": []} if os.getuid() == 0 else {}

    def start(self) -> None:
        """Start (again); return when it answers."""
        self.socket.unlink(missing_ok=True)
        command = [
            *process.dies_with_us(),
            self._program,
            "--config-file",
            str(self.base / "clamd.conf"),
        ]
        with (self.base / "out").open("ab") as out:
            self._process = subprocess.Popen(
                command, stdout=out, stderr=out, start_new_session=True, cwd=self.base, **self._user
            )
        process.wait_until(self._answers, 30, f"clamd answers; {self.log}")

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"clamd ended: {self.log}")
        try:
            with socket.create_connection((HOST, self.port), timeout=2) as connection:
                connection.sendall(b"zPING\0")
                return connection.recv(16) == b"PONG\0" and self.socket.exists()
        except OSError:
            return False

    @property
    def log(self) -> str:
        files = [Path(self.base / name) for name in ("out", "log")]
        return "".join(it.read_text(errors="replace") for it in files if it.exists())

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            process.end(self._process, signal.SIGKILL)
            self._process = None

    def stop_answering(self) -> None:
        """Let it take connections and say nothing, until it is killed."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
