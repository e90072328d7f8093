"""What a template may use: the facts of a draft, in the words of its language."""

from collections.abc import Iterator, Mapping

from maildaemon.adapters.timed_values import timed_section, timed_values
from maildaemon.adapters.vocabulary import Vocabulary
from maildaemon.domain.delivery import Announcement, Draft, Refusal, Section
from maildaemon.domain.understanding import Fact
from maildaemon.errors import OperatorError
from maildaemon.mail.compose import clean_header
from maildaemon.mail.wording import show_filename, show_size, show_types

_MAX_FILES = 20


def template_values(
    draft: Draft, vocabulary: Vocabulary, default: Vocabulary, place: str
) -> dict[str, object]:
    """Return what a template may use: text, lists of text, numbers, and `say`."""
    words, total = vocabulary.words, len(draft.refusals)
    told = draft.refusals[:_MAX_FILES]
    # Said without the number, three are as many as two: Slavic 21 is no singular here. What was not
    # read may be any number.
    several = 2 if any(one.filename is None for one in told) else min(total, 2)
    if unknown := [it for it in draft.missing if f"need.{it}" not in words]:
        raise OperatorError(
            f"no words for need.{unknown[0]}",
            where=place,
            advice="add a line `name: what the customer reads`",
        )
    return {
        "say": vocabulary.sayer(),
        "language": vocabulary.language,
        "title": _title(draft, vocabulary, several),
        "sections": [section.value for section in draft.sections],
        "asks": bool({Section.REFUSED_FILES, Section.MISSING_FACTS} & {*draft.sections}),
        "reference": draft.reference,
        **timed_values(draft, vocabulary, default, place),
        "shop": clean_header(draft.sender.name) or draft.sender.address,
        "slower": draft.slower,
        "telephone": clean_header(draft.contacts.telephone) if draft.contacts else "",
        "telephone_hours": clean_header(draft.contacts.hours or "") if draft.contacts else "",
        "refused": several,
        "refused_files": [
            {
                "name": _name(refusal, number, words, known=draft.sender_known),
                "why": words[refusal.reason],
            }
            for number, refusal in enumerate(told, 1)
        ],
        "more_files": total - len(told),
        "accepted": show_types(draft.accepted_types, words),
        "max_file_size": show_size(draft.max_file_size, words),
        "missing": [words[_need(it, draft)] for it in draft.missing],
        "faq": [{"title": clean_header(it.title), "url": it.url} for it in draft.faq],
        "notices": [it for one in draft.notices for it in _notice(one, vocabulary, default)],
        "automatic": draft.auto_submitted is not None,
        "privacy_url": draft.privacy_url,
    }


def _name(refusal: Refusal, number: int, words: Mapping[str, str], *, known: bool) -> str:
    """Return what stands for a file, never empty: templates of a shop's own show it as it is."""
    if refusal.filename is None:
        return words["all_files"]
    return show_filename(refusal.filename, f"{words['file']} {number}", known=known)


def _need(fact: str, draft: Draft) -> str:
    """Return the name of the words that ask for a fact. Who gave a number is not asked for it as
    if he had not: he is told that it was not found.
    """
    again = fact == Fact.ORDER_NUMBER and draft.number_unknown
    return f"need.{fact}_again" if again else f"need.{fact}"


def _title(draft: Draft, vocabulary: Vocabulary, several: int) -> str:
    """Return what the whole mail is about: its heading, and its subject unless that is echoed."""
    if timed := timed_section(draft):
        return vocabulary.form(f"title_{timed}")
    match frozenset(draft.sections) - {Section.FAQ, Section.NOTICE}:
        case sections if Section.ACKNOWLEDGEMENT in sections:
            return vocabulary.form("title_received")
        case sections if sections == {Section.REFUSED_FILES}:
            return vocabulary.form("title_files", several)
        case sections if sections == {Section.MISSING_FACTS}:
            return vocabulary.form("title_missing")
        case _:
            return vocabulary.form("title_several")


def _notice(
    one: Announcement, vocabulary: Vocabulary, default: Vocabulary
) -> Iterator[dict[str, str]]:
    """Yield a notice, in the default language if the customer's has no text for it."""
    for it in (vocabulary, default):
        if text := it.notice(one.template, one.last_day):
            yield {"text": text, "language": it.language}
            return
