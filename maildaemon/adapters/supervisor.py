"""What systemd, or whoever has started us, is told of how we are: sd_notify(3)."""

import os
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress


class Supervisor:
    """Tells it to the socket that the supervisor named; nothing if there is none.

    Whoever does not listen, or is gone, is no trouble of ours: nothing here raises.
    """

    def __init__(self, address: str | None) -> None:
        """Take the path of the socket; `@` at its beginning means an abstract one."""
        abstract = address is not None and address.startswith("@")
        self._address = f"\0{address[1:]}" if address and abstract else address

    @classmethod
    def of(cls, environment: MutableMapping[str, str] = os.environ) -> "Supervisor":
        """Return the one that the environment names. It is named to no process that we start: none
        of them shall speak for us.
        """
        return cls(environment.pop("NOTIFY_SOCKET", None) or None)

    def ready(self, status: str) -> None:
        """Tell that everything is open and at work."""
        self._tell(f"READY=1\nSTATUS={status}")

    def status(self, status: str) -> None:
        """Tell what is done by now; `systemctl status` shows the newest one."""
        self._tell(f"STATUS={status}")

    def reloading(self) -> None:
        """Tell that the configuration is being read anew; `ready` follows, whatever comes of it."""
        # RELOADING must say since when, by the clock that the supervisor compares it with.
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Tell that we end, in order."""
        self._tell("STOPPING=1\nSTATUS=ends in order")

    def alive(self) -> None:
        """Tell that we still get on. A watchdog that is not told for too long starts us anew."""
        self._tell("WATCHDOG=1")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            # A supervisor that does not read must not hold us up.
            line.setblocking(False)
            line.sendto(text.encode(), self._address)
