"""What `maildaemon person erase --in-mailbox` does in the mailbox itself."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maildaemon.cli.output import note
from maildaemon.errors import MaildaemonError

if TYPE_CHECKING:
    from maildaemon.ports import Mailbox, Parser
    from maildaemon.services.erase import Places, Plan
    from maildaemon.services.erase_mailbox import Copy
    from maildaemon.settings import Settings


@dataclass(frozen=True, slots=True)
class Deletion:
    """Looks for what a person has in the mailbox, and deletes it once somebody has said so."""

    places: "Places"
    mailboxes: "Mapping[str, Mailbox]"
    parser: "Parser"

    def look(self, plan: "Plan") -> "tuple[Copy, ...]":
        """Return what lies in the mailbox, with why some of it would stay."""
        from maildaemon.services.erase_mailbox import find_copies, judge_copies

        copies = find_copies(self.places, plan)
        return judge_copies(self.places, self.mailboxes, self.parser, plan, copies)

    def require_able(self, shown: "Sequence[Copy]") -> None:
        """Raise MailboxRefusedError if one of the servers cannot delete what is to go."""
        from maildaemon.services.erase_mailbox import require_able

        for name in sorted({one.mailbox for one in shown if one.why_not is None}):
            require_able(self.mailboxes[name], name)

    def delete(self, plan: "Plan", shown: "Sequence[Copy]") -> "tuple[Copy, ...]":
        """Delete what the look has shown; return it, with why some of it is left."""
        from maildaemon.services.erase_mailbox import delete_copies

        try:
            return delete_copies(self.places, self.mailboxes, self.parser, plan, shown)
        except MaildaemonError:
            note("some of it may be deleted; the records stay until all is: run it once more")
            raise


@contextmanager
def deleting(settings: "Settings", places: "Places") -> Iterator[Deletion]:
    """Give what deletes in the mailboxes of the configuration; nothing is opened yet."""
    from maildaemon.adapters.worker import ProcessParser
    from maildaemon.bootstrap import make_mailbox

    with ExitStack() as stack:
        mailboxes = {}
        for one in settings.mailboxes:
            # What lies in a colleague's own account is his.
            if one.reads != "all":
                continue
            mailboxes[one.name] = make_mailbox(settings, one)
            stack.callback(mailboxes[one.name].close)
        parser = ProcessParser()
        stack.callback(parser.close)
        yield Deletion(places, mailboxes, parser)
