"""Asks the virus scanner about the files of a message, before anything is decided about it.

Nothing else waits for it: no transaction is open, and a scanner that is slow or gone is the
operator's `attachments.scanner.unreachable`, never a message that cannot be processed.
"""

import logging
from dataclasses import replace
from datetime import timedelta

from maildaemon.domain.message import Attachment, Finding, Parsed
from maildaemon.errors import FileUnscannableError, ScannerUnavailableError
from maildaemon.ports import Now, Scanner
from maildaemon.ports.rows import Concern
from maildaemon.ports.store import Store
from maildaemon.services.desk import Desk, log

_KIND = "scanner"
# All files of one message together; the batch it is processed in has a deadline as well.
_PATIENCE = timedelta(seconds=45)
_ADVICE = (
    "see whether clamd is running and whether we may use its socket; meanwhile files are treated "
    "as `attachments.scanner.unreachable` says"
)


def scan_files(store: Store, desk: Desk, parsed: Parsed, now: Now) -> Parsed:
    """Return the message with what the scanner says of its files, and without the bytes of what it
    calls malware: nobody shall be able to take that out again.
    """
    if desk.scanner is None or not parsed.contents:
        return parsed
    round_ = _Round(desk, desk.scanner, now)
    found = {sha256: round_.scan(content) for sha256, content in parsed.contents.items()}
    _tell(store, desk, round_.trouble, now)
    return Parsed(
        replace(
            parsed.message,
            attachments=tuple(
                _with(one, found.get(one.sha256)) for one in parsed.message.attachments
            ),
        ),
        {sha256: it for sha256, it in parsed.contents.items() if found[sha256] != Finding.MALWARE},
    )


def _with(file: Attachment, finding: Finding | None) -> Attachment:
    return replace(file, findings=(*file.findings, finding)) if finding else file


class _Round:
    """The files of one message, one after the other."""

    def __init__(self, desk: Desk, scanner: Scanner, now: Now) -> None:
        self.trouble: str | None = None
        self._desk, self._scanner, self._now = desk, scanner, now
        self._began_at = now()

    def scan(self, content: bytes) -> Finding | None:
        """Return what the scanner says of a file, None for nothing."""
        if self._now() - self._began_at > _PATIENCE:
            self.trouble = "the files of one message took it too long"
        if self.trouble is not None:
            return Finding.UNSCANNED
        try:
            name = self._scanner.scan(content)
        except FileUnscannableError as error:
            log(
                "file.unscanned",
                logging.WARNING,
                mailbox=self._desk.policy.mailbox,
                size=len(content),
                why=str(error),
                advice=_TOO_LARGE,
            )
            return Finding.UNSCANNED
        except ScannerUnavailableError as error:
            self.trouble = str(error)
            return Finding.UNSCANNED
        if name is None:
            return None
        mailbox = self._desk.policy.mailbox
        log("malware.found", logging.WARNING, mailbox=mailbox, size=len(content), name=name)
        return Finding.MALWARE


_TOO_LARGE = "if it was too large: raise StreamMaxLength in clamd.conf above `max_file_size`"


def _tell(store: Store, desk: Desk, trouble: str | None, now: Now) -> None:
    """Have it known for as long as it lasts that the scanner cannot be asked."""
    what = "files are not scanned for viruses: the scanner cannot be asked"
    found = [Concern(_KIND, what, _ADVICE)] if trouble else []
    with store.read() as tx:
        if tx.mailboxes.concerned(desk.mailbox_id, _KIND, found):
            return
    with store.begin() as tx:
        new = tx.mailboxes.set_concerns(desk.mailbox_id, _KIND, found, now())
    if new:
        mailbox = desk.policy.mailbox
        log("scanner.failed", logging.ERROR, mailbox=mailbox, why=trouble, advice=_ADVICE)
    elif not found:
        log("scanner.recovered", mailbox=desk.policy.mailbox)
