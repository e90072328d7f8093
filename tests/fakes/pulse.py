"""The heartbeat file and the machine's own clock, in memory."""

from dataclasses import dataclass, field

from maildaemon.errors import AlertFailedError
from maildaemon.ports.brakes import AlertRow, Beat


@dataclass(slots=True)
class FakePulse:
    """A data folder that is there, or is lost (`last` None)."""

    last: Beat | None = None

    def read(self) -> Beat | None:
        return self.last

    def write(self, beat: Beat) -> None:
        self.last = beat


@dataclass(slots=True)
class FakeAlert:
    """The operator's pager; `broken` is why it takes nothing."""

    told: list[AlertRow] = field(default_factory=list)
    broken: str | None = None

    def tell(self, alarm: AlertRow) -> None:
        if self.broken is not None:
            raise AlertFailedError(self.broken)
        self.told.append(alarm)
