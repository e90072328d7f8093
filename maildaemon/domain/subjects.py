"""What a subject says of the topic, and what only mail clients and gateways have put there."""

import re
from functools import lru_cache

from maildaemon.domain.subject_words import (
    FORWARDS,
    GENERIC,
    NO_SUBJECT,
    REGARDING,
    REPLIES,
    STATES,
    WARNINGS,
)

# The letters and digits of which `tokens.thread_reference` makes references.
_TAG = re.compile(r"\[#([2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{2})\]", re.IGNORECASE | re.ASCII)

# `re[2]`, `re (3)`, `re*2`, `re^2`, `re.`: programs count how often a mail was answered.
_COUNTED = re.compile(r"(.*?)[ ]?(?:\[\d{1,4}\]|\(\d{1,4}\)|[*^]\d{1,4}|\.)?")
_PREFIXES = REPLIES | REGARDING | FORWARDS | STATES | WARNINGS
_LONGEST_PREFIX = 40
_BLOBS = (("[", "]"), ("{", "}"), ("***", "***"), ("<", ">"))
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def subject_tag(subject: str) -> str | None:
    """Return the reference in `[#K7F3-Q2]`, None if there is none that looks like ours."""
    found = _TAG.search(subject)
    return found[1].upper() if found else None


# The subjects of one conversation are asked for again and again.
@lru_cache(maxsize=512)
def bare_subject(subject: str) -> str:
    """Return what two subjects of one topic share: no prefixes, tags, warnings of gateways,
    doubled spaces or case; empty if the subject is, or says only that it is.

    RFC 5256 §2.1, with the prefixes of many languages. What stands in brackets and holds a digit
    is no list's name, but may be the number of an order: it stays.
    """
    rest = _flat(subject)
    while (shorter := _without_outer(rest)) != rest:
        rest = shorter
    return "" if rest.strip("()[]<>*- ") in NO_SUBJECT or rest in NO_SUBJECT else rest


def same_topic(one: str, other: str) -> bool:
    """Tell whether two subjects, bare or not, are about the same; numbers in brackets at the start
    do not count, which help desks put there.
    """
    return one == other or _without_numbers(one) == _without_numbers(other)


def is_answer(subject: str) -> bool:
    """Tell whether the subject says of itself that it answers something."""
    return _prefix(subject) in REPLIES


def is_forward(subject: str) -> bool:
    """Tell whether the subject says of itself that it passes something on."""
    flat = _flat(subject)
    if flat.startswith(("[fwd:", "[fw:")) or flat.endswith("(fwd)"):
        return True
    return _prefix(subject) in FORWARDS


def may_be_forward(subject: str) -> bool:
    """Tell whether the subject may say that it passes something on: `VS` does so in Danish and
    Norwegian, and answers in Finnish.
    """
    return is_forward(subject) or _prefix(subject) == "vs"


def is_generic(bare: str) -> bool:
    """Tell whether a bare subject does not tell one matter of a customer from another."""
    words = bare.strip(" !?.,:;-–—*#'\"()[]¡¿！？。、")
    # Two letters, or digits alone, are no topic.
    return words in GENERIC or len(words) <= 2 or bare in GENERIC  # noqa: PLR2004


def _flat(subject: str) -> str:
    text = _UNSEEN.sub("", _TAG.sub(" ", subject))
    return " ".join(text.lower().replace("：", ":").split())


def _without_outer(text: str) -> str:
    """Return the text without what stands first or last and is not of the topic."""
    if text.endswith("(fwd)"):
        return text.removesuffix("(fwd)").strip()
    if text.startswith(("[fwd:", "[fw:")) and text.endswith("]"):
        return text.partition(":")[2][:-1].strip()
    head, colon, tail = text[:_LONGEST_PREFIX].partition(":")
    if colon and _word(head) in _PREFIXES:
        return (tail + text[_LONGEST_PREFIX:]).strip()
    # RFC 5256 §2.1 step 4: a tag goes only where something is left.
    return _without_blob(text) or text


def _without_blob(text: str, *, numbered: bool = False) -> str:
    for begin, end in _BLOBS:
        if text.startswith(begin):
            inside, closed, rest = text[len(begin) :].partition(end)
            if closed and (numbered or not any(map(str.isdigit, inside))):
                return rest.strip()
    return text


def _without_numbers(subject: str) -> str:
    rest = bare_subject(subject)
    while True:
        shorter = bare_subject(_without_blob(rest, numbered=True))
        if shorter in {rest, ""}:
            return rest
        rest = shorter


def _prefix(subject: str) -> str:
    """Return the word before the colon with which a client begins the subject; empty if none."""
    rest = _flat(subject)
    while (shorter := _without_outer(rest)) != rest:
        word = _word(rest[:_LONGEST_PREFIX].partition(":")[0])
        if word in REPLIES | FORWARDS:
            return word
        rest = shorter
    return ""


def _word(head: str) -> str:
    """Return the word before a colon, without how often it was repeated."""
    counted = _COUNTED.fullmatch(head.strip())
    return counted[1].strip() if counted else head.strip()
