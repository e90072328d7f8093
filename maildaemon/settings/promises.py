"""What customers are promised, and when: hours, promises, escalation, reminders, notices."""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, model_validator

from maildaemon.domain.opening import WORKING_DAYS
from maildaemon.domain.understanding import Priority
from maildaemon.settings.calendar import Country, Day, OpeningTimes, Zone
from maildaemon.settings.ics import read_whole_days
from maildaemon.settings.options import (
    Elsewhere,
    EmailAddress,
    FilePath,
    Flag,
    Section,
    ShortName,
    Span,
    Text,
    WrongError,
    one_of,
)
from maildaemon.settings.publicholidays import public_holidays


class HolidaySettings(Section):
    """The days on which the shop is closed although the week says otherwise."""

    country: Country | None = Field(
        None, examples=["IT"], description="Whose public holidays: `IT`, or with a region `DE-BY`."
    )
    add: tuple[Day, ...] = Field(
        (), examples=[["2026-12-24"]], description="Days that are holidays too."
    )
    remove: tuple[Day, ...] = Field(
        (),
        examples=[["2026-06-02"]],
        description="Days of the country, or of the calendar file, that are worked.",
    )
    ics: FilePath | None = Field(
        None,
        examples=["holidays.ics"],
        description="A calendar file; every whole day in it is a holiday. It is read at the start "
        "and at every reload.",
    )

    _days: Mapping[date, str] = PrivateAttr(default_factory=dict)
    _last_year: int | None = PrivateAttr(None)

    @property
    def days(self) -> Mapping[date, str]:
        """The holidays with what they are called; empty where nothing is named."""
        return self._days

    @property
    def last_year(self) -> int | None:
        """Up to which year the holidays of the country are known; None if none is named."""
        return self._last_year

    @model_validator(mode="after")
    def _a_day_is_worked_or_not(self) -> Self:
        for at, day in enumerate(self.remove):
            if day in self.add:
                raise WrongError("this day is also in `add`; keep one", "remove", at)
        return self

    @model_validator(mode="after")
    def _days_are_known(self) -> Self:
        days = {**self._of_the_country(), **self._of_the_file()}
        for day in self.add:
            days.setdefault(day, "")
        self._days = {day: days[day] for day in sorted(days) if day not in self.remove}
        return self

    def _of_the_country(self) -> Mapping[date, str]:
        if self.country is None:
            return {}
        country, _, region = self.country.partition("-")
        try:
            found = public_holidays(country, region or None)
        except ValueError as error:
            raise WrongError(str(error), "country") from error
        self._last_year = found.last_year
        return found.days

    def _of_the_file(self) -> Mapping[date, str]:
        if self.ics is None:
            return {}
        try:
            return read_whole_days(self.ics)
        except ValueError as error:
            raise WrongError(str(error), "ics") from error


class HourSettings(Section):
    """When the shop works."""

    timezone: Zone = Field(
        ZoneInfo("UTC"), description="In which dates and times of this policy are meant."
    )
    open: OpeningTimes = Field(
        WORKING_DAYS,
        description="Opening times by day (`mon` to `sun`): `09:00-18:00`, or several as in "
        "`09:00-13:00 14:00-18:00`. Days that are alike may stand together: `mon-fri: "
        "09:00-18:00`. A time before the opening is one of the next day: `22:00-02:00`. A day "
        "that is not named is closed, and no business day.",
    )
    holidays: HolidaySettings = Field(default_factory=HolidaySettings)

    def closed_days(self, since: date) -> Iterator[tuple[date, str]]:
        """Yield the holidays from a day on that the week would have open, with their names."""
        for day, name in self.holidays.days.items():
            if day >= since and self.open.days[day.weekday()]:
                yield day, name


class PromiseSettings(Section):
    """What is promised at one priority.

    The clock starts with the oldest unanswered message of the customer. What is left out is as
    for `normal`.
    """

    first_reply: Span | None = Field(
        None,
        examples=["48 business hours"],
        description="By when a person gives the first answer; the acknowledgement names the date.",
    )
    next_reply: Span | None = Field(
        None, examples=["48 business hours"], description="By when a person answers later messages."
    )
    resolution: Span | None = Field(
        None, examples=["10 business days"], description="By when the matter is settled."
    )
    warn_at: Span | None = Field(
        None,
        examples=["24 business hours"],
        description="When staff are warned that a promise is at risk; counted from the same start.",
    )
    update_every: Span | None = Field(
        None,
        examples=["5 business days"],
        description="How often staff are reminded to tell the customer how an open matter stands.",
    )
    update_customer: Flag = Field(
        False, description="Write to the customer as well when an update is due."
    )
    tell_customer: Flag = Field(
        False, description="Tell the customer, once, when a promise could not be kept."
    )

    def given(self) -> dict[str, Any]:
        """Return what is said here; the rest is as for `normal`."""
        said = ((name, getattr(self, name)) for name in sorted(self.model_fields_set))
        return {name: value for name, value in said if value is not None}

    @model_validator(mode="after")
    def _a_warning_comes_before(self) -> Self:
        for name in ("first_reply", "next_reply"):
            promised: Span | None = getattr(self, name)
            warned = self.warn_at
            if promised and warned and (warned == promised or warned.is_longer_than(promised)):
                raise WrongError(
                    f"staff would be warned only when `{name}` ({promised}) is over; write less",
                    "warn_at",
                )
        return self


_LIKE_NORMAL = "What differs from `promises.normal`: any of its options."


class PromisesSettings(Section):
    """What is promised to customers, by priority. Without it no mail names a date."""

    normal: PromiseSettings | None = Field(
        None,
        examples=[
            {
                "first_reply": "48 business hours",
                "next_reply": "48 business hours",
                "resolution": "10 business days",
                "warn_at": "24 business hours",
                "update_every": "5 business days",
                "update_customer": False,
                "tell_customer": False,
            }
        ],
    )
    low: Annotated[PromiseSettings | None, Elsewhere()] = Field(
        None, examples=[{"first_reply": "5 business days"}], description=_LIKE_NORMAL
    )
    high: Annotated[PromiseSettings | None, Elsewhere()] = Field(
        None, examples=[{"first_reply": "24 business hours"}], description=_LIKE_NORMAL
    )
    urgent: Annotated[PromiseSettings | None, Elsewhere()] = Field(
        None,
        examples=[{"first_reply": "12 business hours", "warn_at": "8 business hours"}],
        description=_LIKE_NORMAL,
    )


class Occasion(StrEnum):
    """What an escalation may follow, other than time."""

    CUSTOMER_REPLIES_AFTER_ANSWER = "customer_replies_after_answer"


class EscalationCondition(Section):
    """Which conversations; everything that is named must hold."""

    category: ShortName | None = Field(
        None, examples=["complaint"], description="Only those of this category."
    )
    priority: Annotated[Priority, one_of(Priority)] | None = Field(
        None, examples=["urgent"], description="Only those of this priority."
    )
    tags: tuple[ShortName, ...] = Field(
        (), examples=[["damage"]], description="Only those that have all of these."
    )


class EscalationSettings(Section):
    """A step by which a conversation reaches somebody who can do more."""

    when: EscalationCondition = Field(default_factory=EscalationCondition)
    after: Span | None = Field(
        None, examples=["48 business hours"], description="After so long without an answer of ours."
    )
    on: Annotated[Occasion, one_of(Occasion)] | None = Field(
        None,
        examples=["customer_replies_after_answer"],
        description="Instead of `after`: when the customer is not satisfied with our answer.",
    )
    to: tuple[EmailAddress, ...] = Field(
        min_length=1, examples=[["lead@shop.example"]], description="Who is told."
    )
    answer_within: Span | None = Field(
        None, examples=["48 hours"], description="By when they answer."
    )
    tell_customer: Flag = Field(False, description="Tell the customer who has it now.")

    @model_validator(mode="after")
    def _has_one_cause(self) -> Self:
        if (self.after is None) == (self.on is None):
            raise ValueError("give either `after` or `on`, so that it is clear when this happens")
        return self


class FollowUpSettings(Section):
    """A step of what happens while the customer is silent; counted from our last answer."""

    after: Span = Field(examples=["3 business days"], description="After so long a silence.")
    template: ShortName | None = Field(
        None,
        examples=["follow_up"],
        description="A reminder to the customer, by the name of its line `follow_up.NAME` in "
        "`words.txt`; `follow_up` and `closing_soon`, which names the day on which a later step "
        "resolves the matter, are shipped.",
    )
    resolve: Flag = Field(False, description="Take the matter as settled; a reply opens it again.")

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.template is None and not self.resolve:
            raise ValueError("give a `template` to send, or `resolve: yes`; this does nothing")
        return self


class FeedbackSettings(Section):
    """The question how it went, after a matter is settled; without it nobody is asked."""

    after: Span = Field(examples=["1 business day"], description="How long afterwards.")


class NoticeSettings(Section):
    """A dated text in every response, for closing days and the like; it ends by itself."""

    since: Day = Field(
        alias="from",
        examples=["2026-12-22"],
        description="The first day, from its first minute on, in `hours.timezone`.",
    )
    until: Day = Field(
        examples=["2027-01-02"],
        description="The last day, to its end; customers are told this date.",
    )
    template: ShortName = Field(
        examples=["holiday"],
        description="The text, by the name of its line `notice.NAME` in `words.txt`; `holiday` "
        "is shipped.",
    )

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.until < self.since:
            raise WrongError("the notice would end before it begins; swap the dates", "until")
        return self


class ContactSettings(Section):
    """Another way to reach the shop, named in urgent mails."""

    telephone: Text = Field(examples=["+39 06 1234567"], description="The number to call.")
    hours: Text | None = Field(
        None, examples=["Mon-Fri 9-18"], description="When somebody answers it, in your words."
    )
