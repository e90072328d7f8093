"""A throw-away clamd with two signatures of its own: EICAR's test file, and a word of ours."""

import hashlib
import os
import signal
import socket

from tests.servers import process
from tests.servers.process import HOST
from tests.servers.throwaway import Throwaway

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


class Clamd(Throwaway):
    """A running scanner."""

    name = "clamd"
    logs = ("out", "log")

    def __init__(self) -> None:
        self._program = process.require_program("clamd", PACKAGES, "/usr/sbin")
        super().__init__()
        [self.port] = process.free_ports(1)
        self.socket = self.base / "clamd.sock"

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
            for path in (database, *database.iterdir()):
                os.chown(path, *process.unprivileged()[1:])

    def _command(self) -> list[str]:
        self.socket.unlink(missing_ok=True)
        return [self._program, "--config-file", str(self.base / "clamd.conf")]

    def _greets(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=2) as connection:
                connection.sendall(b"zPING\0")
                return connection.recv(16) == b"PONG\0" and self.socket.exists()
        except OSError:
            return False

    def stop_answering(self) -> None:
        """Let it take connections and say nothing, until it is killed."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
