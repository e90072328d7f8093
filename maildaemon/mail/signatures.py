"""What stands below a letter and belongs to nobody's question: signatures, footers, notices.

A closing formula opens a signature only if everything below it reads like a card: a name, a title,
where to reach somebody. A sentence, a question, an order number or a lone telephone number is
something the customer wants to say, and then all of it stays.
"""

import re

from maildaemon.mail.attributions import lowered
from maildaemon.mail.footer_words import (
    BANNER_SEQUELS,
    BANNERS,
    CLOSINGS,
    CONTACT_LABELS,
    DEVICE_ALWAYS,
    DEVICE_CLOSERS,
    DEVICE_ENDS,
    DEVICE_GERMAN,
    DEVICE_GERMAN_ENDS,
    DEVICE_OPENERS,
    DEVICES,
    DISCLAIMER_SIGNS,
    DISCLAIMER_TERMS,
    DISCLAIMERS,
    FOOTERS,
    NUMBERED,
    PARTICLES,
    POSTSCRIPTS,
    SHORT_CLOSINGS,
)
from maildaemon.mail.header_blocks import is_rule

MAX_LINES = 15
_WIDTH = 90
_DEVICE_WORDS = 9
_DEVICE_REST = 3
_PUNCTUATION = (",", ";", ".")
_DEVICE_WIDTH = 100
_MAX_FOOTER = 200
_MAX_PARAGRAPH = 4_000
_TERMS = 2
_NAME_WORDS = 4
_CARD_WIDTH = 70
_UNCASED_CARD = 25
_LONG_WORD = 4
_SENTENCE_WORDS = 3
_ORDER_DIGITS = 4
_NOTICES = DISCLAIMERS + FOOTERS
_AROUND_FORMULA = " ,.!;:*_"
_FORMULAS_BEGIN = frozenset(formula.partition(" ")[0] for formula in CLOSINGS)

_DECORATION = "-_=*—–━─> \t\u00a0[]<>(|~\"'"
_AROUND = _DECORATION + ").!。"
_PHONE = re.compile(r"\+?\(?\d[\d ()./-]{6,20}\d")
_LONG_NUMBER = re.compile(r"^[#№nr.: -]{0,6}[A-Z]{0,4}-?\d{4,12}[\dA-Z-]{0,20}\.?$")
_CASED = re.compile(r"[A-Za-zÀ-ɏͰ-ӿḀ-ỿ]")
_CONTACT = ("@", "http:", "https:", "www.")
_COMPANY = re.compile(
    r"\b(?:gmbh|ltd|inc|llc|s\.?r\.?l|s\.?p\.?a|s\.?a|s\.?l|b\.?v|a/s|oy|ab|kg|ag|sp\. z o"
    r"|ооо|тов|s\.r\.o)\b"
)
_LINK = re.compile(r"\(?<?(?:https?://|mailto:|aka\.ms/)\S{1,500}")
_POSTCODE = re.compile(
    r"\b[A-Z]{0,2}-?\d{4,6}\b|\b\d{1,4}[a-z]?\s*[,|·]|[A-Za-zÀ-ɏЀ-ӿ.] \d{1,4}[a-z]?$"
)


def is_device(line: str) -> bool:
    """Tell whether a telephone or a program added this line."""
    shown = line[: 3 * _DEVICE_WIDTH]
    shown = (_LINK.sub("", shown) if ":" in shown or "/" in shown else shown).strip(_AROUND)
    if not shown or len(shown) > _DEVICE_WIDTH:
        return False
    text = lowered(shown).partition(". ")[0]
    if text.endswith("?"):
        return False
    if text.startswith(DEVICE_ALWAYS):
        phrase = next(phrase for phrase in DEVICE_ALWAYS if text.startswith(phrase))
        return _ends_well(shown[len(phrase) :].partition(". ")[0])
    words = text.split()
    if text.startswith(DEVICE_GERMAN):
        return text.endswith(DEVICE_GERMAN_ENDS) and len(words) <= _DEVICE_WORDS + 2
    if len(words) > _DEVICE_WORDS:
        return False
    if text.startswith("sent from my "):
        return _ends_well(shown.partition(",")[2])
    if text.startswith(DEVICE_OPENERS):
        last = words[-1].strip(_DECORATION + ".")
        named = last in DEVICE_ENDS or any(device in last for device in DEVICES)
        return named and any(device in text for device in DEVICES)
    return text.endswith(DEVICE_CLOSERS) and any(device in text for device in DEVICES)


def _ends_well(rest: str) -> bool:
    """Tell whether only the name of a thing goes on here, and no sentence."""
    words = [word for word in rest.split() if not word.startswith(("iP", "iO", *DEVICES))]
    said = [word for word in words if word[0].islower()]
    return rest[:1] in _PUNCTUATION or (len(said) <= 1 and len(words) <= _DEVICE_REST)


def is_footer(line: str) -> bool:
    """Tell whether a scanner for viruses, a mailing list or a friend of trees added this line."""
    text = line[:_MAX_FOOTER].strip(_DECORATION).lower()
    return (text.startswith(FOOTERS) and not text.endswith("?")) or is_device(line)


def is_banner(line: str) -> bool:
    """Tell whether the reader's gateway wrote this above the letter."""
    return line[:_MAX_FOOTER].strip(_DECORATION + "⚠️!").lower().startswith(BANNERS) or (
        line[:1] == "[" and line[:12].lower().startswith(("[external", "[extern"))
    )


def continues_banner(line: str) -> bool:
    text = line[:_MAX_FOOTER].lower()
    return any(phrase in text for phrase in BANNER_SEQUELS)


def is_disclaimer(paragraph: str) -> bool:
    """Tell whether this is a legal notice."""
    text = paragraph[:_MAX_PARAGRAPH].strip(_DECORATION + "*!:").lower()
    if not text.startswith(DISCLAIMERS):
        return False
    return any(map(text.__contains__, DISCLAIMER_SIGNS)) and _terms(text) >= _TERMS


def continues_disclaimer(paragraph: str) -> bool:
    """Tell whether this belongs to a legal notice, given that one stands above."""
    text = paragraph[:_MAX_PARAGRAPH].lower()
    return text.strip(_DECORATION).startswith(_NOTICES) or _terms(text) >= _TERMS


def _terms(text: str) -> int:
    return sum(map(text.__contains__, DISCLAIMER_TERMS))


def is_disclaimer_title(line: str) -> bool:
    text = line.strip(_DECORATION + "*!:.").lower()
    return 0 < len(text) < _CARD_WIDTH and text.startswith(DISCLAIMERS) and not line.endswith("?")


def begins_signature(line: str, tail: list[str]) -> bool:
    """Tell whether this line and the ones below, blank ones left out, are a signature."""
    if len(tail) > MAX_LINES or any(
        len(other) > _WIDTH or other.startswith("```") for other in tail
    ):
        return False
    if line == "--":  # RFC 3676 §4.3, with or without its space
        return bool(tail) and not any(_is_said(other) for other in tail)
    if is_rule(line):
        # People draw lines too; a signature tells where to reach somebody.
        reachable = any(mark in other for other in tail for mark in _CONTACT)
        return reachable and (_is_card(tail) or _is_of_list(tail))
    closing, named = _closing(line)
    if not closing:
        return False
    return _is_card(tail) and not _is_lone_number(tail, named=named)


def mentions_order(lines: list[str]) -> bool:
    return any(_is_numbered(line) for line in lines)


def _closing(line: str) -> tuple[bool, bool]:
    """Tell whether a closing formula stands here, and whether a name stands behind it."""
    text = line.strip(" ,.!;:*_\u00a0，。！、-").lower()
    if all(part.strip(" ,") in CLOSINGS for part in text.replace("|", "/").split("/")):
        return True, False
    if len(line) > _CARD_WIDTH:
        return False, False
    words = line.split()
    if not _may_begin_formula(words):
        return False, False
    for size in range(1, min(len(words), _NAME_WORDS + 4)):
        head = " ".join(words[:size])
        formula = head.strip(_AROUND_FORMULA).lower()
        if formula not in CLOSINGS:
            continue
        rest = words[size:]
        separated = head.endswith((",", "!", ".", ";", ":")) or formula not in SHORT_CLOSINGS
        if separated and len(rest) <= _NAME_WORDS and all(map(_is_name, rest)):
            return True, True
    return False, False


def _may_begin_formula(words: list[str]) -> bool:
    """Tell whether the first word is that of a formula: mostly it is not, and the rest is dear."""
    first = next((bare for word in words if (bare := word.lstrip(_AROUND_FORMULA))), "").lower()
    return first in _FORMULAS_BEGIN or first.rstrip(_AROUND_FORMULA) in _FORMULAS_BEGIN


def _is_name(word: str) -> bool:
    bare = word.strip("()\"'*_,.&/|-")
    return not bare or bare[0].isupper() or not _CASED.match(bare)


def _is_said(line: str) -> bool:
    """Tell whether this is something that nobody puts on a card."""
    # A line may hold nothing but a space of a kind that is not looked for.
    first, *_ = line.lower().split(maxsplit=1) or [""]
    return (
        line.endswith(("?", "？", "؟")) or first.rstrip(":,") in POSTSCRIPTS or _is_numbered(line)
    )


def _is_numbered(line: str) -> bool:
    """Tell whether the customer tells a number here that his question is about."""
    if _LONG_NUMBER.match(line.strip("*_ ")):
        return True
    digits = sum(character.isdigit() for character in line)
    text = line.lower()
    if digits < _ORDER_DIGITS or any(mark in text for mark in ("@", "http", "www.")):
        return False
    return any(word in text for word in NUMBERED) and not text.startswith(CONTACT_LABELS)


def _is_card(lines: list[str]) -> bool:
    return all(_is_card_line(line, first=at == 0) for at, line in enumerate(lines))


def _is_card_line(line: str, *, first: bool) -> bool:
    if is_rule(line) or line[:1] == "[" or is_device(line):
        return True
    if _is_said(line):
        return False
    if _is_contact(line):
        return not _is_sentence(line)
    if not _CASED.search(line):
        return len(line) <= _UNCASED_CARD and not line.endswith(("。", "！", "!"))
    words = line.split()
    ends = line.endswith(("!", "…")) or (line.endswith(".") and len(words) >= _SENTENCE_WORDS)
    if len(line) > _CARD_WIDTH or (ends and not _COMPANY.search(line.lower())):
        return False
    return (first and len(words) == 1) or not _is_sentence(line)


def _is_contact(line: str) -> bool:
    text = line.lower().lstrip("*_|- ")
    if any(mark in text for mark in _CONTACT) or text.startswith(CONTACT_LABELS):
        return True
    return _PHONE.search(line) is not None or _POSTCODE.search(line) is not None


def _is_sentence(line: str) -> bool:
    """Tell whether a long word in lower case says that somebody talks here."""
    words = [word.strip("*_,;:.()|\"'") for word in line.split()]
    plain = [
        word
        for word in words
        if len(word) >= _LONG_WORD
        and word[0].islower()
        and not any(character in "@./:" or character.isdigit() for character in word)
        and word not in PARTICLES
        and not word.startswith(CONTACT_LABELS)
    ]
    return bool(plain) and (len(words) >= _SENTENCE_WORDS or not words[0][:1].isupper())


def _is_of_list(lines: list[str]) -> bool:
    return any("mailing list" in line.lower() or "listinfo" in line for line in lines)


def _is_lone_number(lines: list[str], *, named: bool) -> bool:
    """Tell whether a name and a telephone number are all: then somebody wants to be called."""
    numbers = [line for line in lines if _PHONE.search(line) and "@" not in line]
    others = len(lines) - len(numbers) - (0 if named else 1)
    labelled = any(line.lower().startswith(CONTACT_LABELS) for line in numbers)
    return bool(numbers) and others <= 0 and not labelled
