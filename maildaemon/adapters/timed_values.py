"""What a template may use of time: promised dates, and the mails that time brings."""

from collections.abc import Iterator
from datetime import datetime

from maildaemon.adapters.dates import show_deadline, show_opening
from maildaemon.adapters.vocabulary import Vocabulary
from maildaemon.domain.delivery import TIMED, Draft, Section
from maildaemon.domain.ratings import RATINGS
from maildaemon.errors import OperatorError

# After these we wait for the customer; after all others he waits for us.
_WAITING = frozenset({Section.FOLLOW_UP, Section.CLOSING_SOON, Section.FEEDBACK})
# The reminders that are shipped; others are words of the shop's own.
SHIPPED = frozenset({Section.FOLLOW_UP.value, Section.CLOSING_SOON.value})


def timed_values(
    draft: Draft, vocabulary: Vocabulary, default: Vocabulary, place: str
) -> dict[str, object]:
    """Return text, lists of text and truths; `timed` is None in a response."""
    section = timed_section(draft)
    promised = draft.until if section is Section.ESCALATED else draft.answer_by
    opens = draft.opens_at
    spoken, text = (
        _text(section, draft, vocabulary, default, place) if section else (vocabulary, "")
    )
    return {
        "timed": {"text": text, "language": spoken.language} if section else None,
        "waits": section in _WAITING,
        "answer_by": _deadline(promised, draft, vocabulary),
        "opens": show_opening(opens, draft.zone, draft.date, vocabulary) if opens else "",
        "ratings": [*_ratings(draft, vocabulary)] if section is Section.FEEDBACK else [],
    }


def timed_section(draft: Draft) -> Section | None:
    """Return what a mail that time brings says, None for a response."""
    section = next((one for one in draft.sections if one in TIMED), None)
    # Where nothing will be taken as settled, it is only a reminder.
    if section is Section.CLOSING_SOON and (draft.until is None or draft.until <= draft.date):
        return Section.FOLLOW_UP
    return section


def _text(
    section: Section, draft: Draft, vocabulary: Vocabulary, default: Vocabulary, place: str
) -> tuple[Vocabulary, str]:
    """Return what the mail is there to say, and in whose words: a reminder of the shop's own that
    the customer's language lacks is told in the default one.
    """
    if section is Section.FOLLOW_UP and draft.template not in {None, *SHIPPED}:
        name = f"{section}.{draft.template}"
        spoken = next((one for one in (vocabulary, default) if name in one.words), None)
        if spoken is None:
            raise OperatorError(
                f"there is no text for the reminder {draft.template!r}",
                where=place,
                advice=f"add a line `{name}: …`",
            )
        return spoken, spoken.fill(name)
    undated = section is Section.LATE and draft.until is None
    by = _deadline(draft.until, draft, vocabulary)
    return vocabulary, vocabulary.fill("late_undated" if undated else section.value, by=by)


def _deadline(at: datetime | None, draft: Draft, vocabulary: Vocabulary) -> str:
    return show_deadline(at, draft.zone, draft.date, vocabulary) if at else ""


def _ratings(draft: Draft, vocabulary: Vocabulary) -> Iterator[dict[str, object]]:
    """Yield the five answers, each with where it leads, if it leads anywhere."""
    links = dict(zip(RATINGS, draft.ratings, strict=False))
    for number in RATINGS:
        word = vocabulary.fill(f"rating.{number}")
        yield {"number": number, "word": word, "url": links.get(number, "")}
