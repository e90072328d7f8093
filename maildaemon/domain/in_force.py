"""What a daemon works on a mailbox with, as it notes it for those who look from outside."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self


@dataclass(frozen=True, slots=True)
class InForce:
    """What has been in force in a mailbox since then. `mode` is written as in the configuration, of
    which `configuration` is a hash; `version` is that of the program. `home` tells the data folder
    of the daemon from those of others, by `fence` it holds the mailbox; both are None where no
    other daemon can. `refused_at`: when it refused a changed configuration last, None if it has
    not since then. `reloads`: a hang-up has it read its configuration anew; in a terminal that ends
    it.
    """

    mode: str
    configuration: str
    version: str
    since: datetime
    home: str | None = None
    fence: int | None = None
    refused_at: datetime | None = None
    reloads: bool = True

    def refused(self, at: datetime) -> Self:
        """Return the same after a changed configuration was refused."""
        return replace(self, refused_at=at)

    def written(self) -> str:
        """Return it as a text, for `read`."""
        return json.dumps(
            {
                "mode": self.mode,
                "configuration": self.configuration,
                "version": self.version,
                "since": self.since.isoformat(),
                "home": self.home,
                "fence": self.fence,
                "refused_at": self.refused_at and self.refused_at.isoformat(),
                "reloads": self.reloads,
            }
        )

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return what was `written`; None if another version wrote it in another way."""
        try:
            found = json.loads(text)
            refused_at = found["refused_at"]
            return cls(
                found["mode"],
                found["configuration"],
                found["version"],
                datetime.fromisoformat(found["since"]),
                found["home"],
                found["fence"],
                refused_at and datetime.fromisoformat(refused_at),
                # An older version wrote nothing of it.
                found.get("reloads", True),
            )
        except (LookupError, TypeError, ValueError):
            return None


def fact_of(mailbox_id: int) -> str:
    """Return by which name the installation knows what is in force in a mailbox."""
    return f"in force in mailbox {mailbox_id}"
