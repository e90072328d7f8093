"""Puts the parts together. The only module that knows all classes."""

import hmac
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from maildaemon.adapters.alert import CommandAlert, MailAlert, WebhookAlert
from maildaemon.adapters.blobs import FileBlobStore
from maildaemon.adapters.certificates import read_certificate, require_authorities
from maildaemon.adapters.clamd import ClamdScanner
from maildaemon.adapters.clock import SchedulerTicker, jitter, seconds_since_boot, utc_now
from maildaemon.adapters.installation import (
    LOST_KEY,
    LOST_KEY_ADVICE,
    HeartbeatFile,
    free_space,
    has_key,
    make_data_dir,
    read_home,
    read_key,
)
from maildaemon.adapters.lookup import CsvRegister, NumberLookup, Register, SqlRegister
from maildaemon.adapters.sql.reading import has_started, sqlite_path
from maildaemon.adapters.sql.schema import ensure_schema
from maildaemon.adapters.sql.scrub import scrub
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.templates import TemplateComposer
from maildaemon.adapters.tombstones import TombstoneFile
from maildaemon.adapters.worker import ProcessParser
from maildaemon.domain.leases import Daemon as Worker
from maildaemon.domain.policy import Reads
from maildaemon.errors import OperatorError
from maildaemon.logins import credential_of, make_bearer, make_sign_ins
from maildaemon.mail.authors import read_people
from maildaemon.mail.compose_digest import compose_digest
from maildaemon.ports import Certificate, Mailbox, Transport
from maildaemon.ports.brakes import Alert
from maildaemon.services.crew import Crew, Step, Works
from maildaemon.services.daemon import Daemon
from maildaemon.services.desk import Desk, log
from maildaemon.services.digest import Orders
from maildaemon.services.erase import Places
from maildaemon.services.lease import Holder, Lease, Shared, require_same_key
from maildaemon.services.process import Batch
from maildaemon.settings import MailboxSettings, SendingSettings, Settings, fingerprint
from maildaemon.settings.policy import make_policy
from maildaemon.settings.texts import reminders_of, timed_sections

# Loaded with what speaks to a server; most commands speak to none.
if TYPE_CHECKING:
    from maildaemon.adapters.imap import ImapMailbox
    from maildaemon.adapters.smtp import SmtpTransport
    from maildaemon.adapters.tokens import Bearer


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
            secret=imap.password.resolve if imap.password else None,
            ca_file=imap.ca_file,
            bearer=make_bearer(settings, mailbox, imap),
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


def make_transport(smtp: SendingSettings, bearer: "Bearer | None" = None) -> "SmtpTransport":
    """Return a submission server; nothing is opened yet."""
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
            bearer=bearer,
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


def make_alerts(settings: Settings, key: bytes) -> dict[str, Alert]:
    """Return the paths by which people are told, by name; nothing is opened yet."""
    wanted, paths = settings.alerts, dict[str, Alert]()
    if wanted.command:
        paths["command"] = CommandAlert(wanted.command)
    if wanted.webhook:
        paths["webhook"] = WebhookAlert(wanted.webhook.resolve)
    if (smtp := wanted.smtp) is not None:
        for to in smtp.to:
            paths[f"smtp:{to}"] = MailAlert(partial(make_transport, smtp), smtp.sender, to, key)
    return paths


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
    composer.check(shipped=False)
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


@contextmanager
def open_records(settings: Settings) -> Iterator[tuple[SqlStore, bytes]]:
    """Open the database and the key, both made if they were missing, for what a command does
    beside the daemon; the data folder is there.
    """
    store = open_store(settings)
    try:
        yield store, _key(settings, store)
    finally:
        store.close()


def make_places(tools: Tools) -> Places:
    """Return where something of a person can stand."""
    return _places(tools.settings, tools.store, tools.key)


def find_places(settings: Settings, store: SqlStore) -> Places:
    """Return where something of a person can stand; OperatorError if there is no key."""
    data_dir = settings.service.data_dir
    if not has_key(data_dir):
        raise OperatorError(LOST_KEY, where=str(data_dir / "key"), advice=LOST_KEY_ADVICE)
    return _places(settings, store, read_key(data_dir))


def _places(settings: Settings, store: SqlStore, key: bytes) -> Places:
    return Places(
        store,
        raw_blobs(settings),
        file_blobs(settings),
        TombstoneFile(settings.service.data_dir),
        key,
        partial(scrub, settings.database.url),
        read_people,
    )


def our_addresses(settings: Settings) -> frozenset[str]:
    """Return the addresses of all mailboxes and of staff, in lower case."""
    policies = (make_policy(settings, one) for one in settings.mailboxes)
    return frozenset(one.lower() for each in policies for one in (*each.addresses, *each.staff))


def make_batches(tools: Tools, desk: Desk) -> Callable[[], Batch]:
    """Return what makes a batch of recorded messages of a mailbox, for `process_backlog`."""
    return lambda: Batch(
        tools.store, tools.parser, tools.composer, tools.blobs, tools.files, desk, utc_now
    )


def _key(settings: Settings, store: SqlStore) -> bytes:
    data_dir = settings.service.data_dir
    lost = not has_key(data_dir) and has_started(store, settings.database.url)
    if lost:
        # It is not lost if another daemon has it.
        require_same_key(store, Worker("", read_home(data_dir), "", "", ()))
    key = read_key(data_dir)
    if lost:
        where = str(data_dir / "key")
        log("key.made_anew", logging.WARNING, where=where, why=LOST_KEY, advice=LOST_KEY_ADVICE)
    return key


@dataclass(frozen=True, slots=True)
class Parts:
    """What a command may need of a running installation."""

    settings: Settings
    store: SqlStore
    key: bytes
    daemon: Daemon
    parser: ProcessParser


@contextmanager
def open_daemon(
    settings: Settings,
    only: frozenset[Step] = frozenset(),
    holder: Holder | None = None,
    alive: Callable[[], None] = lambda: None,
    watching: Callable[[str], None] = lambda _: None,
    *,
    reloads: bool = False,
) -> Iterator[Parts]:
    """Put a whole daemon together, and take it apart at the end; nothing runs yet.

    Whoever calls this holds the `Locks`, which give the `holder`. `reloads`: a hang-up has the
    configuration read anew. What cannot be used (a template, a file of certificates, the database)
    is found here: nothing of it is found only when the daemon runs.
    """
    alerts = (settings.alerts.smtp,) if settings.alerts.smtp else ()
    servers = (one for each in settings.mailboxes for _, one in each.servers)
    for server in (*servers, *alerts):
        if server.ca_file is not None:
            require_authorities(server.ca_file)
    with open_tools(settings) as tools:
        shared = _share(settings, tools, holder)
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
            alerts=make_alerts(settings, tools.key),
            free=partial(free_space, *kept_in(settings)),
            places=make_places(tools),
            configuration=fingerprint(settings),
            digest=make_orders(settings),
            shared=shared,
            alive=alive,
            watching=watching,
            reloads=reloads,
        )
        crews = tuple(
            _crew(
                settings,
                one,
                make_desk(tools.store, settings, one, tools.key),
                tools.composer,
                holder.lease(one.name) if holder else None,
            )
            for one in settings.mailboxes
        )
        yield Parts(settings, tools.store, tools.key, Daemon(works, crews, only), tools.parser)


def _share(settings: Settings, tools: Tools, holder: Holder | None) -> Shared | None:
    """Return how this process shares the database, None if it has it for itself; OperatorError if
    it may not.
    """
    if holder is None:
        return None
    daemon = Worker(
        holder.daemon_id,
        read_home(settings.service.data_dir),
        f"{socket.gethostname()}/{os.getpid()}",
        hmac.digest(tools.key, b"daemon", "sha256").hex(),
        tuple(one.name for one in settings.mailboxes),
    )
    require_same_key(tools.store, daemon)
    return Shared(holder, daemon)


def kept_in(settings: Settings) -> tuple[Path, ...]:
    """Return the folders of mail and records; a database server looks after its own."""
    database = sqlite_path(settings.database.url)
    return (settings.service.data_dir, *((database.parent,) if database else ()))


def _crew(
    settings: Settings,
    mailbox: MailboxSettings,
    desk: Desk,
    composer: TemplateComposer,
    lease: Lease | None,
) -> Crew:
    work: Mailbox = make_mailbox(settings, mailbox)
    smtp = mailbox.smtp if mailbox.reads is Reads.ALL else None
    watch: Mailbox | None = make_mailbox(settings, mailbox) if smtp else None
    transport: Transport | None = None
    if smtp:
        transport = make_transport(smtp, make_bearer(settings, mailbox, smtp))
    return Crew(
        desk=replace(desk, require_lease=lease.require) if lease else desk,
        mode=settings.mode_in_words(mailbox),
        lease=lease,
        work=work,
        watch=watch,
        transport=transport,
        composer=composer,
        poll_every=mailbox.imap.poll_every,
        idle=mailbox.imap.idle,
        certificates=partial(_certificates, mailbox),
        imap_credential=credential_of(settings, mailbox, mailbox.imap, desk.key),
        smtp_credential=credential_of(settings, mailbox, smtp, desk.key) if smtp else str,
        sign_ins=make_sign_ins(settings, mailbox),
    )


def _certificates(mailbox: MailboxSettings) -> dict[str, Certificate]:
    """Return what the servers of a mailbox show just now."""
    shown = {
        name: read_certificate(name, one.host, one.port, one.security.value, one.ca_file)
        for name, one in mailbox.servers
    }
    return {name: one for name, one in shown.items() if one is not None}
