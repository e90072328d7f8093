"""In which language a customer is answered, and what these days are told besides."""

from collections.abc import Iterable
from datetime import datetime

from maildaemon.domain.delivery import Announcement
from maildaemon.domain.hours import opens_at
from maildaemon.domain.message import Message
from maildaemon.domain.opening import WORKING_DAYS, Hours, is_open
from maildaemon.domain.policy import Policy


def answer_language(message: Message, earlier: str | None, policy: Policy) -> str:
    """Return the language to answer in: what the text surely is in, else that of earlier mail,
    else what the text seems to be in, else the default.
    """
    for language in (message.sure_language, earlier, message.language):
        if language is not None and (spoken := _spoken(language, policy.languages)):
            return spoken
    return policy.default_language


def is_foreign(message: Message, policy: Policy) -> bool:
    """Tell whether the text is, for sure, in a language that the shop does not answer in."""
    spoken, written = (*policy.languages, policy.default_language), message.sure_language
    return written is not None and _spoken(written, spoken) is None


def notices_to_tell(
    policy: Policy, now: datetime, told_at: datetime | None
) -> tuple[Announcement, ...]:
    """Return the notices that are valid and were not yet told in the thread.

    `told_at` is when its newest mail with a notice was queued: that told all that had begun.
    """
    return tuple(
        Announcement(it.template, it.last_day)
        for it in policy.notices
        if it.starts_at <= now < it.ends_at and (told_at is None or told_at < it.starts_at)
    )


def _spoken(language: str, languages: Iterable[str]) -> str | None:
    """Return the one of them that is this language, by itself or of another region."""
    names = tuple(languages)
    if language in names:
        return language
    return next((it for it in names if _primary(it) == _primary(language)), None)


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").partition("-")[0]


def next_opening(hours: Hours, now: datetime) -> datetime | None:
    """Return when a shop that is closed opens again; None if it is open, or never says when it is.

    Who names no opening times has none to tell.
    """
    if hours.week == WORKING_DAYS or is_open(hours, now):
        return None
    return opens_at(hours, now)
