"""Finds and reads the configuration that a command works with."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maildaemon.cli.exits import WrongRequestError
from maildaemon.errors import OperatorError

if TYPE_CHECKING:
    from maildaemon.settings import MailboxSettings, Settings

VARIABLE = "MAILDAEMON_CONFIG"
# By this one a shell asks what may come next.
COMPLETION = "_MAILDAEMON_COMPLETE"
_USUAL = (Path("maildaemon.yaml"), Path("/etc/maildaemon/maildaemon.yaml"))


@dataclass(frozen=True, slots=True)
class Invocation:
    """What stands before the command. `path` is the file of `--config`, None if it is not given."""

    path: Path | None

    def find_config(self) -> Path | None:
        """Return the configuration file, None if none is named and none is in a usual place."""
        if self.path is not None:
            return self.path
        if named := os.environ.get(VARIABLE):
            return Path(named)
        return next((path for path in _USUAL if path.exists()), None)

    def settings(self) -> "Settings":
        """Return the configuration; ConfigError with every problem in it."""
        from maildaemon.settings import load_settings

        path = self.find_config()
        if path is None:
            tried = ", ".join(str(one) for one in _USUAL)
            raise OperatorError(
                f"no configuration was found (tried: --config, ${VARIABLE}, {tried})",
                advice="write one with `maildaemon init`, or name it: "
                "maildaemon --config FILE COMMAND",
            )
        return load_settings(path)


def choose_mailbox(settings: "Settings", name: str | None) -> "MailboxSettings":
    """Return the mailbox of this name; the only or first one if none is named."""
    if name is None:
        return settings.mailboxes[0]
    for mailbox in settings.mailboxes:
        if mailbox.name == name:
            return mailbox
    known = ", ".join(mailbox.name for mailbox in settings.mailboxes)
    raise WrongRequestError(
        f"there is no mailbox `{name}` in the configuration", f"take one of: {known}"
    )
