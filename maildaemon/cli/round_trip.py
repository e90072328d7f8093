"""`check --send`: has each mailbox send a mail to itself, and sees it arrive."""

import secrets
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from maildaemon.cli.output import note
from maildaemon.cli.owner import require_owner
from maildaemon.cli.progress import count_down
from maildaemon.errors import MaildaemonError
from maildaemon.services.check import Finding, failed

if TYPE_CHECKING:
    from maildaemon.adapters.sql.store import SqlStore
    from maildaemon.settings import MailboxSettings, Settings


def check_round_trips(
    settings: "Settings", mailboxes: "Iterable[MailboxSettings]"
) -> Iterator[Finding]:
    """Send, wait, and keep what is learnt, for each mailbox that sends; the data folder and the
    database are made if need be, for the key signs what is sent.
    """
    from maildaemon.adapters.installation import make_data_dir
    from maildaemon.bootstrap import open_records

    sending = [one for one in mailboxes if one.smtp is not None]
    if not sending:
        return
    try:
        make_data_dir(settings.service.data_dir)
        require_owner(settings.service.data_dir, "must be able to use its key", "check --send")
        with open_records(settings) as (store, key):
            for mailbox in sending:
                yield from _round_trip(settings, mailbox, store, key)
    except MaildaemonError as error:
        yield failed("send", error)


def _round_trip(
    settings: "Settings", mailbox: "MailboxSettings", store: "SqlStore", key: bytes
) -> Iterator[Finding]:
    import asyncio

    from maildaemon.adapters.clock import utc_now
    from maildaemon.bootstrap import make_mailbox, make_transport
    from maildaemon.logins import make_bearer
    from maildaemon.mail.compose_note import compose_note
    from maildaemon.services.round_trip import Tools, see_arrive, send_to_self
    from maildaemon.settings.policy import make_policy

    smtp = mailbox.smtp
    assert smtp is not None  # noqa: S101  whoever calls has looked

    def learn(files: bool) -> None:
        with store.begin() as tx:
            row = tx.mailboxes.ensure(mailbox.name)
            tx.mailboxes.learn_server_files_sent(row.mailbox_id, files)

    policy, imap = make_policy(settings, mailbox), make_mailbox(settings, mailbox)
    transport = make_transport(smtp, make_bearer(settings, mailbox, smtp))
    tools = Tools(compose_note, utc_now, threading.Event().wait, learn, note, count_down)
    name = secrets.token_hex(16)
    sent = asyncio.run(send_to_self(policy, key, name, imap, transport, tools))
    if isinstance(sent, Finding):
        imap.close()
        yield sent
    else:
        yield from see_arrive(policy, sent, imap, tools)
