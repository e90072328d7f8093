"""Every option, once: name, type, default, limits, and what it is for.

The example file, the reference page, the JSON schema and the error messages come from here.
"""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from maildaemon.domain.policy import EchoSubject, Mode, Rate
from maildaemon.errors import Problem
from maildaemon.settings.filetypes import ALLOWED_TYPES, BLOCKED_EXTENSIONS
from maildaemon.settings.options import (
    Ceiling,
    Duration,
    EmailAddress,
    Extension,
    FilePath,
    Language,
    MailboxName,
    MediaType,
    Section,
    Size,
    Text,
    Whole,
    WrongError,
    one_of,
    path_from,
)
from maildaemon.settings.servers import ImapSettings, SmtpSettings
from maildaemon.settings.units import MB

_SQLITE = "sqlite:///"


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


ModeOption = Annotated[Mode, one_of(Mode)]


class ServiceSettings(Section):
    """The daemon itself."""

    data_dir: FilePath = Field(
        Path("var"),
        description="Folder for raw messages, attachments, keys and the lock. If it is not given, "
        "the folder of the SQLite file is taken, else `var`.",
    )
    mode: ModeOption = Field(
        Mode.SHADOW,
        description="`shadow` records what would be sent and sends nothing; `live` sends. "
        "Begin with `shadow`, look at what it would do, then change it.",
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
    templates: FilePath | None = Field(
        None,
        examples=["templates"],
        description="Folder with templates of your own, `<language>/<name>.txt` and `.html`. "
        "What is not there is taken from the ones that are shipped.",
    )

    later: ClassVar[tuple[str, ...]] = ("http", "log_addresses")


class DatabaseSettings(Section):
    """Where records, queues and the journal are kept."""

    url: Text = Field(
        examples=["sqlite:///var/maildaemon.db"],
        description="The SQLite file, as `sqlite:///PATH`. A relative path counts from this file.",
    )

    @field_validator("url")
    @classmethod
    def _a_file_of_sqlite(cls, url: str, info: ValidationInfo) -> str:
        if url.startswith(("postgresql", "mysql", "mariadb")):
            raise ValueError(
                "this version keeps its records in SQLite only; write `sqlite:///var/maildaemon.db`"
            )
        path = url.removeprefix(_SQLITE)
        if path in (url, "", ":memory:") or "?" in path:
            raise ValueError("expected the path of a file: `sqlite:///var/maildaemon.db`")
        return _SQLITE + str(path_from(path, info))


class MailboxSettings(Section):
    """A mailbox that is watched and answered for."""

    name: MailboxName = Field(
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
        description="Addresses of colleagues. Their mail is never answered automatically.",
    )
    mode: ModeOption | None = Field(
        None, examples=["live"], description="Replaces `service.mode` for this mailbox."
    )
    languages: tuple[Language, ...] = Field(
        (),
        examples=[["en", "it"]],
        description="The languages this mailbox answers in; all of `languages.supported` if it "
        "is not given.",
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
    echo_subject: Annotated[EchoSubject, one_of(EchoSubject)] = Field(
        EchoSubject.KNOWN,
        description="Whether a response carries the customer's own subject: `known` for senders "
        "that are authenticated or were here before, `never` for none. Anybody else gets a fixed "
        "subject, so that nobody can send advertisements through us.",
    )
    imap: ImapSettings = Field(description="Where mail is read.")
    smtp: SmtpSettings = Field(description="How mail is sent.")

    later: ClassVar[tuple[str, ...]] = ("policy", "reads")


class AttachmentSettings(Section):
    """Which files are welcome. The customer is told which one was refused, and why."""

    max_file_size: Size = Field(10 * MB, ge=1, le=1000 * MB, description="The largest single file.")
    max_total_size: Size = Field(
        20 * MB, ge=1, le=1000 * MB, description="All files of one message together."
    )
    max_files: Whole = Field(20, ge=1, le=500, description="How many files one message may bring.")
    max_message_size: Size = Field(
        25 * MB,
        ge=MB // 10,
        le=200 * MB,
        description="Of a larger message only the header is read. Mail makes files a third larger "
        "on the way.",
    )
    allowed_types: tuple[MediaType, ...] = Field(
        ALLOWED_TYPES,
        min_length=1,
        description="The media types that are accepted, judged by what a file is, not by what it "
        "is called; `image/*` accepts every image. A list given here replaces this one.",
    )
    blocked_extensions: tuple[Extension, ...] = Field(
        BLOCKED_EXTENSIONS,
        description="File names that are refused whatever is inside: what Gmail and Outlook "
        "refuse. A list given here replaces this one.",
    )
    hold_days: Whole = Field(
        30, ge=0, le=3650, description="For how many days refused files are kept for staff."
    )

    later: ClassVar[tuple[str, ...]] = ("archives", "macros", "scanner")

    @model_validator(mode="after")
    def _what_is_promised_can_arrive(self) -> Self:
        if self.max_file_size > self.max_total_size:
            raise WrongError("no file can be larger than `max_total_size`", "max_file_size")
        if self.max_total_size > self.max_message_size:
            raise WrongError("no files can be larger than `max_message_size`", "max_total_size")
        return self


class LimitSettings(Section):
    """Ceilings of automatic mail. Besides these a thread gets one acknowledgement, ever."""

    per_address: tuple[Ceiling, ...] = Field(
        (Rate(1, timedelta(minutes=10)), Rate(3, timedelta(hours=24))),
        min_length=1,
        description="Responses to one address. Above any of these there is silence.",
    )
    per_thread: Ceiling = Field(
        Rate(3, timedelta(hours=24)),
        description="Responses in one thread. Above it there is silence.",
    )
    per_mailbox: Ceiling = Field(
        Rate(60, timedelta(hours=1)),
        description="Responses of one mailbox. Above it they wait: on a busy day a customer is "
        "answered late, not forgotten.",
    )
    burst: Whole = Field(
        20, ge=1, le=1000, description="How many may go out at once before `per_mailbox` counts."
    )
    longest_delay: Duration = Field(
        timedelta(hours=6),
        ge=timedelta(minutes=1),
        le=timedelta(hours=24),
        description="How long `per_mailbox` may make a response wait.",
    )


class LanguageSettings(Section):
    """In which languages customers are answered."""

    default: Language = Field(
        "en", description="For customers whose language is unknown or not supported."
    )
    supported: tuple[Language, ...] = Field(
        ("en", "it", "fr", "de", "es"),
        min_length=1,
        description="The languages to answer in; each needs its templates.",
    )


class Settings(Section):
    """The whole configuration. Every attribute is named like its option."""

    service: ServiceSettings = Field(default_factory=ServiceSettings)
    database: DatabaseSettings = Field(examples=[{"url": "sqlite:///var/maildaemon.db"}])
    mailboxes: tuple[MailboxSettings, ...] = Field(min_length=1)
    attachments: AttachmentSettings = Field(default_factory=AttachmentSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    languages: LanguageSettings = Field(default_factory=LanguageSettings)

    _warnings: tuple[Problem, ...] = PrivateAttr(())

    later: ClassVar[tuple[str, ...]] = (
        *("hours", "promises", "escalation", "follow_up", "feedback", "notices", "rules"),
        *("order_numbers", "partners", "contacts", "privacy", "alerts", "digest", "probe"),
        *("control", "include"),
    )

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Return what works but should not stay so, in file order."""
        return self._warnings

    @model_validator(mode="before")
    @classmethod
    def _data_stays_beside_the_database(cls, given: object) -> object:
        """Put `data_dir`, if it is not given, where the SQLite file is."""
        if not isinstance(given, dict):
            return given
        service, database = given.get("service") or {}, given.get("database")
        url = database.get("url") if isinstance(database, dict) else None
        if not isinstance(service, dict) or not str(url).startswith(_SQLITE):
            return given
        folder = Path(str(url).removeprefix(_SQLITE)).parent
        return {**given, "service": {"data_dir": str(folder), **service}}
