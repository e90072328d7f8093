"""What the services need from a database that several daemons share."""

from datetime import datetime, timedelta
from typing import Protocol

from maildaemon.domain.leases import Daemon, Held


class Leases(Protocol):
    """Who is alive, and who of them holds what. All times are those of the database server."""

    def others(self, daemon: Daemon) -> tuple[Daemon, ...]:
        """Return who else is alive, from another data folder."""

    def arrive(self, daemon: Daemon, life: timedelta) -> None:
        """Give the first sign of life, which lasts so long. Whoever used the same data folder
        before is known to be dead: a process has it for itself.
        """

    def live(self, daemon: Daemon, life: timedelta) -> None:
        """Give another sign of life, which lasts so long."""

    def hold(self, daemon: Daemon, names: tuple[str, ...], now: datetime) -> tuple[Held, ...]:
        """Take of these leases what nobody alive holds, and give back what is not among them;
        return everything that is held. What the last holder had taken and not concluded is void,
        for his fence is: it is due again from `now` on.
        """

    def resign(self, daemon_id: str) -> None:
        """Give everything back, and be gone."""

    def stands(self, name: str, fence: int) -> bool:
        """Tell whether nobody has taken this lease since; it stays so until the transaction
        ends.
        """
