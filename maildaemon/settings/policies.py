"""The policy: what is accepted, promised and said to customers; for all mailboxes or for one."""

from datetime import timedelta
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from maildaemon.domain.policy import Rate
from maildaemon.settings.calendar import Day, Zone
from maildaemon.settings.document import Block
from maildaemon.settings.filetypes import ALLOWED_TYPES, BLOCKED_EXTENSIONS
from maildaemon.settings.modes import ModeOption
from maildaemon.settings.options import (
    Ceiling,
    Duration,
    Extension,
    Language,
    MediaType,
    Section,
    ShortName,
    Size,
    WebAddress,
    Whole,
    WrongError,
)
from maildaemon.settings.units import MB


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
        ("en", "it", "fr", "de", "es", "ru", "pt", "nl", "pl", "uk"),
        min_length=1,
        description="The languages to answer in; each needs its `words.txt`.",
    )


class HourSettings(Section):
    """When the shop works."""

    timezone: Zone = Field(
        ZoneInfo("UTC"), description="In which dates and times of this policy are meant."
    )

    later: ClassVar[tuple[str, ...]] = ("open", "holidays")


class NoticeSettings(Section):
    """A dated text in every response, for closing days and the like; it ends by itself."""

    since: Day = Field(alias="from", description="The first day, from its first minute on.")
    until: Day = Field(description="The last day, to its end; customers are told this date.")
    template: ShortName = Field(
        description="The text, by the name of its line `notice.NAME` in `words.txt`; `holiday` "
        "is shipped."
    )

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.until < self.since:
            raise WrongError("the notice would end before it begins; swap the dates", "until")
        return self


class PrivacySettings(Section):
    """What is said and kept of personal data."""

    notice: WebAddress | None = Field(
        None,
        examples=["https://shop.example/privacy"],
        description="Your privacy notice; the foot of every acknowledgement leads there.",
    )


class PolicySections(Section):
    """The sections that a mailbox may have of its own."""

    attachments: AttachmentSettings = Field(default_factory=AttachmentSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    hours: HourSettings = Field(default_factory=HourSettings)
    notices: tuple[NoticeSettings, ...] = Field(
        (), examples=[[{"from": "2026-12-22", "until": "2027-01-02", "template": "holiday"}]]
    )
    languages: LanguageSettings = Field(default_factory=LanguageSettings)
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
