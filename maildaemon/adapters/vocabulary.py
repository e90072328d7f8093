"""The sentences of one language, from `words.txt`: a line each, `name: what customers read`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from maildaemon.domain.attachments import Reason
from maildaemon.domain.delivery import TIMED
from maildaemon.domain.ratings import RATINGS
from maildaemon.errors import OperatorError
from maildaemon.mail.wording import KINDS, clean_sentence

# By name what is filled into a sentence; a sentence that is none of these stands as it is.
_FILLED_IN: Mapping[str, frozenset[str]] = {
    "refused": frozenset({"name", "why"}),
    "more_files": frozenset({"count"}),
    "size": frozenset({"size"}),
    "reference": frozenset({"reference"}),
    "call": frozenset({"telephone"}),
    "call_hours": frozenset({"hours"}),
    "partner_reply": frozenset({"reference"}),
    "transcript_you": frozenset({"date"}),
    "transcript_we": frozenset({"date"}),
    "privacy": frozenset({"url"}),
    "date": frozenset({"day", "month", "year"}),
    "day": frozenset({"weekday", "date"}),
    "by_time": frozenset({"day", "time"}),
    "on_time": frozenset({"day", "time"}),
    "clock": frozenset({"hour", "hours", "minutes"}),
    "clock_hour": frozenset({"hour", "hours", "minutes"}),
    "clock_zone": frozenset({"time", "zone"}),
    "notice": frozenset({"date", "weekday"}),
    "answer_by": frozenset({"by"}),
    "closed": frozenset({"on"}),
    "closing_soon": frozenset({"by"}),
    "late": frozenset({"by"}),
}
# What may be left out of it: `and one more file` needs no number.
_OPTIONAL = frozenset({"more_files", "notice", "clock", "clock_hour", "clock_zone"})
_SENTENCES = (
    *("title_received", "title_files", "title_missing", "title_several"),
    *(f"title_{section}" for section in TIMED),
    *("greeting", "received", "thanks", "answer_by", "closed", "slower", "call", "call_hours"),
    *TIMED,
    *("late_undated", "settled", "feedback_more"),
    *(f"rating.{rating}" for rating in RATINGS),
    *("files_heading", "files", "refused", "more_files", "rest", "formats", "size"),
    *("missing_heading", "missing", "faq_heading", "faq", "notice_heading"),
    *("next_heading", "send", "add", "spam", "reference", "goodbye"),
    *("automatic", "automatic_read", "privacy"),
    *("partner_title", "partner_text", "partner_reply"),
    *("transcript", "transcript_you", "transcript_we"),
    *("need.order_number", "need.order_number_again", "need.photo", "need.question"),
)
_DATES = (
    *("date", "first_day", "day", "by_time", "on_time", "clock", "clock_hour", "clock_zone"),
    *("months", "weekdays", "weekdays_by", "weekdays_on"),
)
_WORDS = (*KINDS, "file", "all_files", *_DATES, "MB", "KB")
_NEEDED = (*_SENTENCES, *_WORDS, *(reason.value for reason in Reason))
_COUNTED = frozenset({"title_files", "files_heading", "files", "more_files"})
_FORMS = ("one", "few", "other")
_LISTS = {"months": 12, "weekdays": 7, "weekdays_by": 7, "weekdays_on": 7}
# Families of which a shop may add members of its own.
_OPEN = ("notice.", "need.", "follow_up.")
_LONGEST = 1000
_BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What can be said in a language. `words` by name, forms for a number as `name.one`."""

    language: str
    words: Mapping[str, str]

    def form(self, name: str, count: int | None = None) -> str:
        """Return a sentence, its blanks unfilled. Raises LookupError if there is none."""
        forms = () if count is None else (plural_form(self.language, count), "other")
        names = [f"{name}.{it}" for it in forms] or [name]
        if found := next((it for it in names if it in self.words), None):
            return self.words[found]
        raise LookupError(f"{self.language}/words.txt has no line `{names[-1]}`")

    def fill(self, name: str, /, count: int | None = None, **given: object) -> str:
        """Return a sentence as plain text."""
        given = {**given, "count": count}
        return _BLANK.sub(lambda blank: str(given[blank[1]]), self.form(name, count))

    def show_day(self, day: date) -> str:
        """Return a day as this language writes it: `2 January 2027`, `1er janvier 2027`."""
        number = self.words["first_day"] if day.day == 1 else day.day
        month = self.items("months")[day.month - 1]
        return self.fill("date", day=number, month=month, year=day.year)

    def show_weekday(self, day: date) -> str:
        """Return `Monday` and so on."""
        return self.items("weekdays")[day.weekday()]

    def items(self, name: str) -> list[str]:
        """Return a line that lists words, with a comma between them."""
        return _list(self.words[name])

    def notice(self, name: str, last_day: date) -> str | None:
        """Return the text of a notice, None if this language has none of that name."""
        if f"notice.{name}" not in self.words:
            return None
        day, weekday = self.show_day(last_day), self.show_weekday(last_day)
        return self.fill(f"notice.{name}", date=day, weekday=weekday)

    def sayer(self) -> Callable[..., str]:
        """Return the `say` of the templates: `fill`, fit for HTML where the template is HTML."""

        @pass_eval_context
        def say(place: EvalContext, name: str, /, count: int | None = None, **given: object) -> str:
            if not place.autoescape:
                return self.fill(name, count, **given)
            given = {**given, "count": count}
            sentence = str(escape(self.form(name, count)))
            return Markup(_BLANK.sub(lambda blank: escape(given[blank[1]]), sentence))  # noqa: S704 - all of it is escaped

        return say


def plural_form(language: str, count: int) -> str:
    """Return which form a whole number takes: `one`, `few` or `other`."""
    teens = count % 100 // 10 == 1
    few = count % 10 in {2, 3, 4} and not teens
    match language.partition("-")[0]:
        case "ru" | "uk" if count % 10 == 1 and not teens:
            return "one"
        case "ru" | "uk" | "pl" if few:
            return "few"
        case "ru" | "uk":
            return "other"
        case _:
            return "one" if count == 1 else "other"


def parse_words(text: str) -> dict[str, str]:
    """Return the lines of a file by name; comments and blank lines are left out."""
    lines = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    said = {name.strip(): clean_sentence(words, _LONGEST) for name, _, words in lines}
    return {name: words for name, words in said.items() if name}


def verify(words: Mapping[str, str], place: str) -> None:
    """Raise OperatorError if a sentence is missing, or would not be filled in as it should."""
    if missing := [name for name in _NEEDED if not words.get(_other(name))]:
        raise OperatorError(
            f"no words for {', '.join(map(_other, missing))}",
            where=place,
            advice="add a line `name: what the customer reads` for each",
        )
    for name, length in _LISTS.items():
        if len(_list(words[name])) != length:
            raise OperatorError(
                f"`{name}` must name {length}, with a comma between them", where=place
            )
    for name, sentence in words.items():
        if wrong := _why_blanks_wrong(name, set(_BLANK.findall(sentence))):
            raise OperatorError(f"`{name}` {wrong}", where=place)


def unread(words: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of lines that no mail is written from, as far as the shipped ones go."""
    read = {*_NEEDED} - _COUNTED | {f"{name}.{form}" for name in _COUNTED for form in _FORMS}
    return tuple(it for it in words if it not in read and not it.startswith(_OPEN))


def _why_blanks_wrong(name: str, found: set[str]) -> str | None:
    # Names of several parts are `more_files.few`, or `notice.holiday`.
    family = name.partition(".")[0]
    known = _FILLED_IN.get(family, frozenset())
    listed = ", ".join(f"{{{it}}}" for it in sorted(known)) or "nothing"
    if unknown := sorted(found - known):
        return f"has {{{unknown[0]}}}, but {listed} is filled in there"
    lacking = sorted(known - found) if family not in _OPTIONAL else []
    return f"lacks {{{lacking[0]}}}" if lacking else None


def _other(name: str) -> str:
    return f"{name}.other" if name in _COUNTED else name


def _list(words: str) -> list[str]:
    return [it.strip() for it in words.split(",") if it.strip()]
