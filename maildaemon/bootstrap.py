"""Puts the parts together. The only module that knows all classes."""

import hmac
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from maildaemon.adapters.alert import CommandAlert
from maildaemon.adapters.blobs import FileBlobStore
from maildaemon.adapters.certificates import require_authorities
from maildaemon.adapters.clamd import ClamdScanner
from maildaemon.adapters.clock import SchedulerTicker, jitter, seconds_since_boot, utc_now
from maildaemon.adapters.installation import (
    LOST_KEY,
    LOST_KEY_ADVICE,
    HeartbeatFile,
    has_key,
    make_data_dir,
    only_one,
    read_key,
)
from maildaemon.adapters.lookup import CsvRegister, NumberLookup, Register, SqlRegister
from maildaemon.adapters.sql.reading import has_started
from maildaemon.adapters.sql.schema import ensure_schema
from maildaemon.adapters.sql.servers import hold_by, lock_name, only_one_on
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.templates import TemplateComposer
from maildaemon.adapters.worker import ProcessParser
from maildaemon.domain.policy import Reads
from maildaemon.mail.compose_digest import compose_digest
from maildaemon.ports import Mailbox, Transport
from maildaemon.services.daemon import Crew, Daemon, Step, Works
from maildaemon.services.desk import Desk, log
from maildaemon.services.digest import Orders
from maildaemon.services.process import Batch
from maildaemon.settings import MailboxSettings, Secret, ServerSettings, Settings, SmtpSettings
from maildaemon.settings.policy import make_policy
from maildaemon.settings.texts import reminders_of, timed_sections

# Loaded with what speaks to a server; most commands speak to none.
if TYPE_CHECKING:
    from maildaemon.adapters.imap import ImapMailbox
    from maildaemon.adapters.smtp import SmtpTransport


def make_mailbox(settings: Settings, mailbox: MailboxSettings) -> "ImapMailbox":
    """Return one IMAP connection to a mailbox; nothing is opened yet."""
    from maildaemon.adapters.imap import ImapMailbox
    from maildaemon.adapters.imap_folders import WantedFolders
    from maildaemon.adapters.imap_login import ImapLimits, ImapServer

    imap = mailbox.imap
    return ImapMailbox(
        ImapServer(
            host=imap.host,
            port=imap.port,
            security=imap.security.value,
            username=imap.username,
            secret=imap.password.resolve,
            ca_file=imap.ca_file,
        ),
        WantedFolders(
            inbox=imap.inbox,
            sent=imap.sent,
            junk=imap.junk,
            drafts=imap.drafts,
            others=imap.folders,
            control=settings.control.folders and mailbox.reads is Reads.ALL,
        ),
        ImapLimits(max_message=2 * settings.policy_of(mailbox).attachments.max_message_size),
        keywords=settings.control.keywords and mailbox.reads is Reads.ALL,
    )


def make_transport(smtp: SmtpSettings) -> "SmtpTransport":
    """Return the submission server of a mailbox; nothing is opened yet."""
    from maildaemon.adapters.smtp import SmtpTransport
    from maildaemon.adapters.smtp_session import SmtpAccount

    return SmtpTransport(
        SmtpAccount(
            host=smtp.host,
            port=smtp.port,
            security=smtp.security.value,
            hostname=socket.gethostname(),
            username=smtp.username,
            secret=smtp.password.resolve if smtp.password else None,
            ca_file=smtp.ca_file,
        )
    )


def make_composer(settings: Settings) -> TemplateComposer:
    """Return the composer; OperatorError if a template is missing or broken."""
    policies = (settings, *(settings.policy_of(one) for one in settings.mailboxes))
    return TemplateComposer(
        languages=settings.every_language,
        default=settings.languages.default,
        own=settings.service.templates,
        notices=tuple(notice.template for one in policies for notice in one.notices),
        reminders=tuple(reminder for one in policies for reminder in reminders_of(one)),
        timed={section for one in policies for section in timed_sections(one)},
    )


def open_store(settings: Settings) -> SqlStore:
    """Return the database, its tables made if it was empty."""
    # SQLite makes its files for whomever the umask lets in, and mail is nobody else's business.
    os.umask(0o077)
    store = SqlStore(settings.database.url)
    ensure_schema(store.engine)
    return store


def raw_blobs(settings: Settings) -> FileBlobStore:
    """Return where whole messages are kept."""
    return FileBlobStore(settings.service.data_dir / "raw")


def file_blobs(settings: Settings) -> FileBlobStore:
    """Return where the files of messages are kept, refused ones as well until they are dropped."""
    return FileBlobStore(settings.service.data_dir / "files")


def make_desk(store: SqlStore, settings: Settings, mailbox: MailboxSettings, key: bytes) -> Desk:
    """Return a mailbox as the loop steps see it, its row made if need be."""
    with store.begin() as tx:
        ids = {one.name: tx.mailboxes.ensure(one.name).mailbox_id for one in settings.mailboxes}
    watched = {one.name: one.reads is Reads.ALL for one in settings.mailboxes}
    return Desk(
        ids[mailbox.name],
        make_policy(settings, mailbox),
        key,
        hold_for=timedelta(days=settings.policy_of(mailbox).attachments.hold_days),
        colleagues=tuple((ids[name], name) for name, all_of_it in watched.items() if not all_of_it),
        homes=tuple(ids[name] for name, all_of_it in watched.items() if all_of_it),
        scanner=make_scanner(settings, mailbox),
        lookup=make_lookup(settings, mailbox),
    )


def make_scanner(settings: Settings, mailbox: MailboxSettings) -> ClamdScanner | None:
    """Return the virus scanner of a mailbox, None if it has none; nothing is opened yet."""
    scanner = settings.policy_of(mailbox).attachments.scanner
    return ClamdScanner(scanner.socket) if scanner else None


def make_lookup(
    settings: Settings, mailbox: MailboxSettings, *, files_only: bool = False
) -> NumberLookup | None:
    """Return where the order numbers of a mailbox are looked up, None for nowhere. Nothing is
    opened yet. `files_only`: no database is asked.
    """
    registers: dict[str, Register] = {}
    for one in settings.policy_of(mailbox).order_numbers:
        where = one.lookup
        if where and where.csv and where.column:
            registers[one.name] = CsvRegister(where.csv, where.column)
        elif where and where.database and where.query and not files_only:
            registers[one.name] = SqlRegister(where.database.resolve, where.query)
    return NumberLookup(registers) if registers else None


def make_orders(settings: Settings) -> Orders | None:
    """Return who gets the morning's digest and when, None if nobody does."""
    wanted = settings.digest
    if wanted is None:
        return None
    return Orders(wanted.to, wanted.at, settings.hours.timezone, compose_digest)


@dataclass(frozen=True, slots=True)
class Tools:
    """What the steps of all mailboxes share."""

    settings: Settings
    store: SqlStore
    parser: ProcessParser
    composer: TemplateComposer
    blobs: FileBlobStore
    files: FileBlobStore
    key: bytes


@contextmanager
def open_tools(settings: Settings) -> Iterator[Tools]:
    """Open what a command needs that works beside, or instead of, the daemon."""
    data_dir = settings.service.data_dir
    make_data_dir(data_dir)
    composer = make_composer(settings)
    composer.check()
    parser = ProcessParser()
    parser.start()
    store = None
    try:
        store = open_store(settings)
        yield Tools(
            settings,
            store,
            parser,
            composer,
            raw_blobs(settings),
            file_blobs(settings),
            _key(settings, store),
        )
    finally:
        parser.close()
        if store is not None:
            store.close()


def make_batches(tools: Tools, desk: Desk) -> Callable[[], Batch]:
    """Return what makes a batch of recorded messages of a mailbox, for `process_backlog`."""
    return lambda: Batch(
        tools.store, tools.parser, tools.composer, tools.blobs, tools.files, desk, utc_now
    )


def _key(settings: Settings, store: SqlStore) -> bytes:
    data_dir = settings.service.data_dir
    lost = not has_key(data_dir) and has_started(store, settings.database.url)
    key = read_key(data_dir)
    if lost:
        where = str(data_dir / "key")
        log("key.made_anew", logging.WARNING, where=where, why=LOST_KEY, advice=LOST_KEY_ADVICE)
    return key


class Locks:
    """What this process holds against every other: one data folder, one database; two if it moves.

    A lock ends when it is let go, when the block is left, and with the process.
    """

    def __init__(self) -> None:
        """Nothing is held yet."""
        self._held: dict[Path | str, ExitStack] = {}

    def __enter__(self) -> Self:
        """Let go of everything at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of everything."""
        for lock in self._held.values():
            lock.close()
        self._held.clear()

    def take(self, settings: Settings) -> None:
        """Hold what these settings need besides what is held; raises like `only_one`."""
        for name, lock in _locks(settings).items():
            if name not in self._held:
                with ExitStack() as taken:
                    taken.enter_context(lock)
                    self._held[name] = taken.pop_all()

    def keep_only(self, settings: Settings) -> None:
        """Let go of what these settings do not need."""
        needed = _locks(settings)
        for name in [one for one in self._held if one not in needed]:
            self._held.pop(name).close()
        hold_by(settings.database.url)


def _locks(settings: Settings) -> dict[Path | str, AbstractContextManager[None]]:
    folder, url = settings.service.data_dir.resolve(), settings.database.url
    return {folder: only_one(folder), lock_name(url): only_one_on(url)}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a command may need of a running installation."""

    settings: Settings
    store: SqlStore
    key: bytes
    daemon: Daemon


@contextmanager
def open_daemon(settings: Settings, only: frozenset[Step] = frozenset()) -> Iterator[Parts]:
    """Put a whole daemon together, and take it apart at the end; nothing runs yet.

    Whoever calls this holds the `Locks`. What cannot be used (a template, a file of certificates,
    the database) is found here: nothing of it is found only when the daemon runs.
    """
    for server in (one for each in settings.mailboxes for _, one in each.servers):
        if server.ca_file is not None:
            require_authorities(server.ca_file)
    with open_tools(settings) as tools:
        works = Works(
            store=tools.store,
            parser=tools.parser,
            blobs=tools.blobs,
            files=tools.files,
            ticker=SchedulerTicker(),
            now=utc_now,
            jitter=jitter,
            boot=seconds_since_boot,
            pulse=HeartbeatFile(settings.service.data_dir),
            alert=CommandAlert(command) if (command := settings.alerts.command) else None,
            digest=make_orders(settings),
        )
        crews = tuple(
            _crew(settings, one, make_desk(tools.store, settings, one, tools.key), tools.composer)
            for one in settings.mailboxes
        )
        yield Parts(settings, tools.store, tools.key, Daemon(works, crews, only))


def _crew(
    settings: Settings, mailbox: MailboxSettings, desk: Desk, composer: TemplateComposer
) -> Crew:
    work: Mailbox = make_mailbox(settings, mailbox)
    smtp = mailbox.smtp if mailbox.reads is Reads.ALL else None
    watch: Mailbox | None = make_mailbox(settings, mailbox) if smtp else None
    transport: Transport | None = make_transport(smtp) if smtp else None
    return Crew(
        desk=desk,
        work=work,
        watch=watch,
        transport=transport,
        composer=composer,
        poll_every=mailbox.imap.poll_every,
        idle=mailbox.imap.idle,
        imap_credential=_credential(desk.key, mailbox.imap, mailbox.imap.password),
        smtp_credential=_credential(desk.key, smtp, smtp.password) if smtp else str,
    )


def _credential(key: bytes, server: ServerSettings, secret: Secret | None) -> Callable[[], str]:
    """Return a function that hashes what we log in with: it changes when the password does."""

    def credential() -> str:
        words = (server.host, str(server.port), server.username or "")
        text = "\0".join((*words, secret.resolve() if secret else ""))
        return hmac.digest(key, text.encode(), "sha256").hex()

    return credential
