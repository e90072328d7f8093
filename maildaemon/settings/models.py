"""Every option, once: name, type, default, limits, and what it is for.

The example file, the reference page, the JSON schema and the error messages come from here.
"""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, PrivateAttr, model_validator

from maildaemon.domain.policy import EchoSubject, Mode, Reads
from maildaemon.errors import Problem
from maildaemon.settings.database import SQLITE, DatabaseAddress
from maildaemon.settings.modes import ModeOption, Modes
from maildaemon.settings.operation import (
    AlertSettings,
    ControlSettings,
    DigestSettings,
    HttpSettings,
    ProbeSettings,
)
from maildaemon.settings.options import (
    Duration,
    Elsewhere,
    EmailAddress,
    FilePath,
    Flag,
    Language,
    Section,
    ShortName,
    Text,
    Usual,
    one_of,
)
from maildaemon.settings.policies import MailboxPolicy, PolicySections
from maildaemon.settings.servers import ImapSettings, ServerSettings, SmtpSettings


class LogFormat(StrEnum):
    """How a log line looks."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """From where on the log tells."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogAddresses(StrEnum):
    """How much of a mail address the log shows."""

    FULL = "full"
    DOMAIN = "domain"
    HASH = "hash"


class ServiceSettings(Section):
    """The daemon itself."""

    data_dir: FilePath = Field(
        Path("var"),
        description="Folder for raw messages, attachments, keys and the lock. If it is not given, "
        "the folder of the SQLite file is taken, else `var`.",
    )
    mode: ModeOption = Field(
        Modes(Mode.SHADOW),
        description="`shadow` records what would be sent and sends nothing; `drafts` puts it into "
        "the folder of drafts, for a person to send; `live` sends. Begin with `shadow`, look at "
        "what it would do, then change it. By section of a mail: `{default: live, refused_files: "
        "drafts}` (`acknowledgement`, `refused_files`, `missing_facts`, `faq`, `notice`; and the "
        "mails that time brings: `follow_up`, `closing_soon`, `update`, `late`, `escalated`, "
        "`feedback`); a mail with several takes the most cautious mode.",
    )
    reply_within: Duration = Field(
        timedelta(hours=24),
        ge=timedelta(minutes=1),
        le=timedelta(days=7),
        description="A message that is older than this when it is recorded is never answered "
        "automatically.",
    )
    log_format: Annotated[LogFormat, one_of(LogFormat)] = Field(
        LogFormat.CONSOLE, description="`console` for people, `json` for machines."
    )
    log_level: Annotated[LogLevel, one_of(LogLevel)] = Field(
        LogLevel.INFO, description="The least important lines that are written."
    )
    log_addresses: Annotated[LogAddresses, one_of(LogAddresses)] = Field(
        LogAddresses.FULL,
        description="How mail addresses stand in the log: `full`; only the `domain`; or a `hash`, "
        "which is the same for the same address and tells nothing else.",
    )
    templates: FilePath | None = Field(
        None,
        examples=["templates"],
        description="Folder with texts of your own: lines for `<language>/words.txt`, or templates "
        "that replace `response.txt` and `response.html`. All else is taken from what is shipped.",
    )

    http: HttpSettings | None = Field(None, examples=[{"port": 8080}])


class DatabaseSettings(Section):
    """Where records, queues and the journal are kept."""

    url: DatabaseAddress = Field(
        examples=["sqlite:///var/maildaemon.db"],
        description="The SQLite file, as `sqlite:///PATH`; a relative path counts from this file. "
        "Or PostgreSQL, as `postgresql://USER@HOST/DATABASE`, or MariaDB, as "
        "`mariadb://USER@HOST/DATABASE`; keep the password out of this file: the server's own "
        "means, such as `PGPASSFILE` or `?read_default_file=/PATH/my.cnf`, are used.",
    )


class MailboxSettings(Section):
    """A mailbox that is watched and answered for."""

    name: ShortName = Field(
        examples=["support"],
        description="Short name for logs and commands. It stays when the address changes: "
        "records are kept under it.",
    )
    address: EmailAddress = Field(
        examples=["support@example.com"], description="The address customers write to."
    )
    display_name: Text | None = Field(
        None,
        examples=["Example Shop"],
        description="The name beside our address in the mails that customers get.",
    )
    aliases: tuple[EmailAddress, ...] = Field(
        (),
        examples=[["help@example.com"]],
        description="Other addresses that end up in this mailbox. Mail that names none of them "
        "in a header is recorded and not answered.",
    )
    staff: tuple[EmailAddress, ...] = Field(
        (),
        examples=[["anna@example.com"]],
        description="Addresses of colleagues. Their mail is never answered automatically. They "
        "are warned when an answer is due, unless the conversation is assigned to one of them; "
        "without any, the mailbox itself is. Whom only `escalation` or a rule's `assign` names is "
        "a colleague as well, and need not stand here.",
    )
    mode: ModeOption | None = Field(
        None, examples=["live"], description="Replaces `service.mode` for this mailbox."
    )
    reads: Annotated[Reads, one_of(Reads)] = Field(
        Reads.ALL,
        description="`sent_only` is for a colleague's own account: only the answers in its folder "
        "of sent mail that belong to a conversation of another mailbox are kept. Nothing is ever "
        "sent for it: `smtp`, `mode` and `policy` are refused there.",
    )
    languages: tuple[Language, ...] = Field(
        (),
        examples=[["en", "it"]],
        description="The languages this mailbox answers in; all of `languages.supported` if it "
        "is not given. The first is for everybody else, unless `languages.default` is among them.",
    )
    trust_reply_to: tuple[EmailAddress, ...] = Field(
        (),
        examples=[["form@example.com"]],
        description="Senders such as your contact form, whose Reply-To is the customer. Anybody "
        "else's Reply-To is not followed.",
    )
    authserv_id: Text | None = Field(
        None,
        examples=["mx.example.com"],
        description="The name with which your own server signs its Authentication-Results. "
        "Without it none of them is believed.",
    )
    plus_address: Flag = Field(
        False,
        description="Whether automatic mail is sent from, and to be answered to, an address of its "
        "own such as `support+k7f3q2.…@example.com`, which only we can make. So an answer finds "
        "its conversation even if it cites nothing and comes from another address. Only if the "
        "server delivers such addresses into this mailbox, and lets it send from them.",
    )
    probe_address: EmailAddress | None = Field(
        None,
        examples=["support-probe@example.com"],
        description="Where the mail of `probe` goes: an address that is delivered into this very "
        "mailbox. If it is not given, `support+probe@example.com`, made from `address`; name one, "
        "such as an alias or `address` itself, if the server knows no plus addresses.",
    )
    echo_subject: Annotated[EchoSubject, one_of(EchoSubject)] = Field(
        EchoSubject.KNOWN,
        description="Whether a response carries the customer's own subject: `known` for senders "
        "that are authenticated or were here before, `never` for none. Anybody else gets a fixed "
        "subject, so that nobody can send advertisements through us.",
    )
    imap: ImapSettings = Field(description="Where mail is read.")
    smtp: Annotated[SmtpSettings | None, Usual()] = Field(
        None,
        examples=[{"host": "mail.example.com"}],
        description="How mail is sent. Must be given unless `reads` is `sent_only`.",
    )
    policy: Annotated[MailboxPolicy | None, Elsewhere()] = Field(
        None,
        examples=[{"limits": {"burst": 5}}],
        description="What this mailbox does differently: any section of the policy, from "
        "`attachments` to `privacy`, and `mode`. A section given here replaces the general one as "
        "a whole; what it leaves out has its default.",
    )

    @property
    def servers(self) -> tuple[tuple[str, ServerSettings], ...]:
        """Return the servers that are used for it, by the names of their options."""
        return (("imap", self.imap), *((("smtp", self.smtp),) if self.smtp else ()))


class InstallationSections(Section):
    """The sections that there is one of, whatever the policy."""

    service: ServiceSettings = Field(default_factory=ServiceSettings)
    database: DatabaseSettings = Field(examples=[{"url": "sqlite:///var/maildaemon.db"}])
    mailboxes: tuple[MailboxSettings, ...] = Field(min_length=1)


# The bases stand in this order so that the pages begin with the installation.
class Settings(PolicySections, InstallationSections):
    """The whole configuration. Every attribute is named like its option."""

    alerts: AlertSettings = Field(default_factory=AlertSettings)
    digest: DigestSettings | None = Field(
        None, examples=[{"to": ["anna@example.com"], "at": "08:00"}]
    )
    probe: ProbeSettings | None = Field(
        None, examples=[{"every": "30 minutes", "late_after": "15 minutes"}]
    )
    control: ControlSettings = Field(default_factory=ControlSettings)
    include: tuple[FilePath, ...] = Field(
        (),
        examples=[["rules.yaml"]],
        description="More files, with sections of the policy such as `rules`; each section stands "
        "in one file. They are found from the file that names them; paths in them count from this "
        "file.",
    )

    _warnings: tuple[Problem, ...] = PrivateAttr(())

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Return what works but should not stay so, in file order."""
        return self._warnings

    def policy_of(self, mailbox: MailboxSettings) -> PolicySections:
        """Return the policy of a mailbox: its own sections, and the general ones."""
        own = mailbox.policy
        sections = {name: getattr(self, name) for name in PolicySections.model_fields}
        if own is not None:
            given = own.model_fields_set & sections.keys()
            sections |= {name: getattr(own, name) for name in given}
        return PolicySections.model_construct(**sections)

    @property
    def every_language(self) -> tuple[str, ...]:
        """Return the languages in which some mailbox answers, each once."""
        policies = (self, *(self.policy_of(one) for one in self.mailboxes))
        return tuple(dict.fromkeys(code for one in policies for code in one.languages.supported))

    def mode_of(self, mailbox: MailboxSettings) -> Modes:
        """Return in which mode a mailbox is answered for."""
        own = mailbox.policy.mode if mailbox.policy else None
        return own or mailbox.mode or self.service.mode

    def mode_in_words(self, mailbox: MailboxSettings) -> str:
        """Return the mode of a mailbox as people are told it."""
        only_sent = mailbox.reads is Reads.SENT_ONLY
        return mailbox.reads.value if only_sent else str(self.mode_of(mailbox))

    @model_validator(mode="before")
    @classmethod
    def _data_stays_beside_the_database(cls, given: object) -> object:
        """Put `data_dir`, if it is not given, where the SQLite file is."""
        if not isinstance(given, dict):
            return given
        service, database = given.get("service") or {}, given.get("database")
        url = database.get("url") if isinstance(database, dict) else None
        if not isinstance(service, dict):
            return given
        path = str(url).removeprefix(SQLITE)
        folder = "var" if path == url else str(Path(path).parent)
        return {**given, "service": {"data_dir": folder, **service}}
