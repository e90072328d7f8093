"""The policy: what is accepted, promised and said to customers; for all mailboxes or for one."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from maildaemon.domain.policy import Rate, Treatment
from maildaemon.settings.document import Block
from maildaemon.settings.filetypes import ALLOWED_TYPES, BLOCKED_EXTENSIONS
from maildaemon.settings.modes import ModeOption
from maildaemon.settings.options import (
    Ceiling,
    Duration,
    Extension,
    Language,
    MediaType,
    ScannerAddress,
    Section,
    Size,
    WebAddress,
    Whole,
    WrongError,
    one_of,
)
from maildaemon.settings.promises import (
    ContactSettings,
    EscalationSettings,
    FeedbackSettings,
    FollowUpSettings,
    HourSettings,
    NoticeSettings,
    PromisesSettings,
)
from maildaemon.settings.rules import OrderNumberSettings, PartnerSettings, RuleSettings
from maildaemon.settings.units import MB


class ArchiveSettings(Section):
    """How far archives (zip and the like) are looked into; what goes beyond is refused."""

    max_depth: Whole = Field(3, ge=1, le=10, description="How many archives within each other.")
    max_files: Whole = Field(1000, ge=1, le=100_000, description="How many files in one.")
    max_size: Size = Field(
        200 * MB, ge=MB, le=10_000 * MB, description="How large all of them are when unpacked."
    )
    max_ratio: Whole = Field(
        100, ge=2, le=10_000, description="How many times larger than the archive that may be."
    )
    encrypted: Annotated[Treatment, one_of(Treatment)] = Field(
        Treatment.REFUSE, description="What becomes of archives that nobody can look into."
    )


class ScannerSettings(Section):
    """A virus scanner that is asked about every file."""

    socket: ScannerAddress = Field(
        examples=["/run/clamav/clamd.ctl"],
        description="The socket of clamd: a path, or `host:port` where it listens on TCP.",
    )
    unreachable: Annotated[Treatment, one_of(Treatment)] = Field(
        Treatment.HOLD, description="What becomes of files while the scanner cannot be asked."
    )


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
        description="Of a larger message only the header is read, and the customer is told that "
        "it was too large. Mail makes files a third larger on the way.",
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

    archives: ArchiveSettings = Field(default_factory=ArchiveSettings)
    macros: Annotated[Treatment, one_of(Treatment)] = Field(
        Treatment.REFUSE, description="What becomes of office files with programs in them."
    )
    scanner: ScannerSettings | None = Field(
        None, examples=[{"socket": "/run/clamav/clamd.ctl", "unreachable": "hold"}]
    )

    @model_validator(mode="after")
    def _what_is_promised_can_arrive(self) -> Self:
        if self.max_file_size > self.max_total_size:
            raise WrongError("no file can be larger than `max_total_size`", "max_file_size")
        if self.max_total_size > self.max_message_size:
            raise WrongError("no files can be larger than `max_message_size`", "max_total_size")
        return self


class LimitSettings(Section):
    """Ceilings of automatic mail, and how long a conversation lasts. Besides these a thread gets
    one acknowledgement, ever.
    """

    per_address: tuple[Ceiling, ...] = Field(
        (Rate(1, timedelta(minutes=10)), Rate(3, timedelta(hours=24))),
        min_length=1,
        description=(
            "Responses to one address. Above any of these there is silence. What stands behind a "
            "`+`, and a name below a domain, make no other address of it."
        ),
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
    reopen_within: Duration = Field(
        timedelta(days=30),
        ge=timedelta(0),
        le=timedelta(days=3650),
        description="For how long an answer of the customer opens a resolved thread again. After "
        "that it begins a new one, linked to the old.",
    )
    same_subject_within: Duration = Field(
        timedelta(days=14),
        ge=timedelta(0),
        le=timedelta(days=365),
        description="For how long after its last mail an open thread takes in what the same "
        "customer writes under the same subject, although it answers no mail of it (some programs "
        "leave that out). `0 days` for never. Subjects that tell nothing, such as “Hello”, "
        "do not count.",
    )


class LanguageSettings(Section):
    """In which languages customers are answered."""

    default: Language = Field(
        "en", description="For customers whose language is unknown or not supported."
    )
    supported: tuple[Language, ...] = Field(
        ("en", "it", "fr", "de", "es", "ru", "pt", "nl", "pl", "uk"),
        min_length=1,
        description="The languages to answer in; each needs its `words.txt`.",
    )


_DAY, _MONTH = timedelta(days=1), timedelta(days=30)


class RetentionSettings(Section):
    """How long things are kept; what has no time here is kept for good. What is over goes every few
    hours, and how much it was is noted. Conversations in which it is our turn keep all but bytes.
    """

    bodies: Duration | None = Field(
        None,
        ge=_MONTH,
        examples=["730 days"],
        description="What messages and our own mails say, and the names of files, counted from the "
        "last message of the conversation.",
    )
    files: Duration | None = Field(
        None, ge=_DAY, examples=["365 days"], description="The bytes of attached files."
    )
    raw: Duration | None = Field(
        None,
        ge=_DAY,
        examples=["90 days"],
        description="Messages as they came, byte for byte; `rebuild` then has the mailbox alone.",
    )
    personal: Duration | None = Field(
        None,
        ge=_MONTH,
        examples=["1095 days"],
        description="Names and addresses, and with them all of the above, as `person erase` does.",
    )
    statistics: Duration | None = Field(
        None,
        ge=_MONTH,
        examples=["1825 days"],
        description="How a conversation went: its history, category, rating. That a message was "
        "seen stays, so that it is never new again.",
    )


class PrivacySettings(Section):
    """What is said and kept of personal data."""

    notice: WebAddress | None = Field(
        None,
        examples=["https://shop.example/privacy"],
        description="Your privacy notice; the foot of every acknowledgement leads there.",
    )
    retention: RetentionSettings | None = Field(
        None,
        examples=[
            {
                "bodies": "730 days",
                "files": "365 days",
                "raw": "90 days",
                "personal": "1095 days",
                "statistics": "1825 days",
            }
        ],
    )


_RULES = [
    {
        "name": "damaged on delivery",
        "when": {"any": ["damaged", "broken", "/arrived .* pieces/"], "in": ["subject", "text"]},
        "set": {"category": "shipping", "priority": "urgent", "tags": ["damage"]},
        "need": ["order_number", "photo"],
        "faq": [{"title": "Returns", "url": "https://shop.example/returns"}],
    },
    {
        "name": "invoices of the bank",
        "when": {
            "all": ["invoice"],
            "none": ["newsletter"],
            "sender": ["/@bank[.]example$/"],
            "recipient": ["support@example.com"],
            "attachments": ["application/pdf"],
            "language": ["en"],
            "hours": "open",
        },
        "set": {"promise": "low"},
        "assign": "anna@example.com",
        "forward": "watchmaker",
        "mute": True,
        "after_answer": "working",
    },
]
_ORDER_NUMBERS = [
    {
        "name": "order",
        "pattern": r"#?\b(\d{6})\b",
        "checksum": "luhn",
        "lookup": {"csv": "orders.csv", "column": "order"},
    },
    {
        "name": "voucher",
        "pattern": r"\bV\d{8}\b",
        "lookup": {
            "database": {"env": "ORDERS_DATABASE"},
            "query": "SELECT 1 FROM voucher WHERE number = :number",
        },
    },
]


class PolicySections(Section):
    """The sections that a mailbox may have of its own."""

    attachments: AttachmentSettings = Field(default_factory=AttachmentSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    languages: LanguageSettings = Field(default_factory=LanguageSettings)
    hours: HourSettings = Field(default_factory=HourSettings)
    notices: tuple[NoticeSettings, ...] = Field(
        (), examples=[[{"from": "2026-12-22", "until": "2027-01-02", "template": "holiday"}]]
    )
    promises: PromisesSettings = Field(default_factory=PromisesSettings)
    escalation: tuple[EscalationSettings, ...] = Field(
        (),
        examples=[
            [
                {
                    "when": {"category": "complaint", "priority": "urgent", "tags": ["damage"]},
                    "after": "48 business hours",
                    "to": ["lead@shop.example"],
                },
                {
                    "when": {"category": "complaint"},
                    "on": "customer_replies_after_answer",
                    "to": ["senior@shop.example"],
                    "answer_within": "48 hours",
                    "tell_customer": True,
                },
            ]
        ],
    )
    follow_up: tuple[FollowUpSettings, ...] = Field(
        (),
        examples=[
            [
                {"after": "3 business days", "template": "follow_up"},
                {"after": "7 business days", "template": "closing_soon"},
                {"after": "10 business days", "resolve": True},
            ]
        ],
    )
    feedback: FeedbackSettings | None = Field(None, examples=[{"after": "1 business day"}])
    rules: tuple[RuleSettings, ...] = Field((), examples=[_RULES])
    order_numbers: tuple[OrderNumberSettings, ...] = Field((), examples=[_ORDER_NUMBERS])
    partners: tuple[PartnerSettings, ...] = Field(
        (), examples=[[{"name": "watchmaker", "address": "repairs@partner.example"}]]
    )
    contacts: ContactSettings | None = Field(
        None, examples=[{"telephone": "+39 06 1234567", "hours": "Mon-Fri 9-18"}]
    )
    privacy: PrivacySettings = Field(default_factory=PrivacySettings)


class MailboxPolicy(PolicySections):
    """What this mailbox does differently: any section of the policy, and `mode`.

    A section given here replaces the general one as a whole.
    """

    mode: ModeOption | None = Field(None, description="Replaces `service.mode`.")

    @model_serializer(mode="wrap")
    def _only_what_is_given(self, write: SerializerFunctionWrapHandler) -> dict[str, object]:
        written: dict[str, object] = write(self)
        return {name: value for name, value in written.items() if name in self.model_fields_set}

    @model_validator(mode="before")
    @classmethod
    def _an_empty_section_replaces_nothing(cls, given: object) -> object:
        if not isinstance(given, Block):
            return given
        return Block({name: value for name, value in given.items() if value is not None})
