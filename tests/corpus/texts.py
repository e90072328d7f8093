"""The readable text, and what is new in it."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser

from tests.corpus.finding import Finding
from tests.corpus.header import Comparer, one_line
from tests.corpus.loading import Case, Corpora, Expected
from tests.corpus.reading import Reading

_LONGEST = 300
_LINK = re.compile(r"[\[(<]?(?:https?://|mailto:)[^\s\])>]*[\])>]?")
_MARKS = re.compile(r"[\W_]+")
_NEW_TEXT = (
    "new_text new_text_nows new_text_contains new_text_not_contains new_text_regex "
    "new_text_not_regex"
).split()


def _exact(corpora: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    """Compare line by line; where the text is made from HTML word by word, for everybody lays out
    HTML in his own way. An empty text beside an HTML part says nothing about the readable whole.
    """
    expected, got = _whole_text(case), reading.message.text
    if not corpora.norm(expected) and case.expected.get("html_exact"):
        return
    agrees = corpora.norm(expected) == corpora.norm(got)
    if not agrees and b"text/html" in case.raw.lower():
        agrees = _words(expected) == _words(got)
    yield Finding(case.name, "text", agrees, _short(expected), _short(got))


def _whole_text(case: Case) -> str:
    written: bytes | None = case.expected.get("text_file_bytes")
    return written.decode("utf-8", "replace") if written else case.expected.get("text_exact") or ""


def _contains(key: str) -> Comparer:
    def compare(corpora: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
        given = case.expected[key]
        got = corpora.norm(reading.message.text)
        parts = [corpora.norm(one) for one in ([given] if isinstance(given, str) else given)]
        agrees = all(got.endswith(one) if key == "text_endswith" else one in got for one in parts)
        yield Finding(case.name, "text: part", agrees, _short(given), _short(got))

    return compare


def _count(corpora: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    number, part = case.expected["text_count"]
    found = corpora.norm(reading.message.text).count(corpora.norm(part))
    yield Finding(case.name, "text: part", found == number, f"{number} × {part!r}", str(found))


def _html(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    """Where there is only HTML, each word that it shows must stand in the text."""
    if one_line(_whole_text(case)):
        return
    html = case.expected.get("html_exact") or case.expected.get("html_endswith") or ""
    shown = Counter(_words(_shown(html)))
    missing = [*(shown - Counter(_words(reading.message.text)))]
    if shown:
        got = f"missing: {' '.join(missing)}"
        yield Finding(case.name, "text of HTML: words", not missing, f"{len(shown)} words", got)


def _words(text: str) -> list[str]:
    """Return the words, without what is only layout: links, rules, bullets, stars."""
    return _MARKS.sub(" ", _LINK.sub(" ", text)).casefold().split()


class _Shown(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style", "title")
        self.text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "title")

    def handle_data(self, data: str) -> None:
        if self._hidden <= 0:
            self.text.append(data)


def _shown(html: str) -> str:
    parser = _Shown()
    parser.feed(html)
    parser.close()
    return "".join(parser.text)


def _reply(corpora: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    """One line for the whole, and what was wrong: quotes kept are a pity, new text lost is worse."""
    got = reading.message.reply_text
    wrong = corpora.check_new_text(case.expected, got)
    expected = {key: case.expected[key] for key in _NEW_TEXT if key in case.expected}
    lost = [one for one in wrong if _is_lost(corpora, case.expected, one, got)]
    said = f"{wrong} {_short(got)}"
    yield Finding(case.name, "reply text", not wrong, _short(expected), said)
    yield Finding(case.name, "reply text: nothing new lost", not lost, _short(expected), said)


def _is_lost(corpora: Corpora, expected: Expected, wrong: str, got: str) -> bool:
    """Tell whether the new text lacks something, and not only has too much."""
    if wrong == "new_text":
        lines = corpora.norm(expected["new_text"]).split("\n")
        return bool(Counter(lines) - Counter(corpora.norm(got).split("\n")))
    if wrong == "new_text_nows":
        return expected["new_text_nows"] not in re.sub(r"\s", "", got)
    return wrong.startswith(("missing:", "regex:"))


def _whole(corpora: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    if not case.expected["new_text_is_whole_body"]:
        return
    whole, got = corpora.norm(reading.message.text), corpora.norm(reading.message.reply_text)
    for field in ("reply text", "reply text: nothing new lost"):
        yield Finding(case.name, field, whole == got, _short(whole), _short(got))


def _signature(corpora: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    given = case.expected["signature_or_quote_not_in_new_text"]
    got = corpora.norm(reading.message.reply_text)
    kept = [one for one in given if corpora.norm(one) in got]
    yield Finding(case.name, "signature cut (optional)", not kept, _short(given), _short(kept))


def _language(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    """What a language could not be told of is no wrong answer: the thread's is taken then."""
    got = reading.message.language
    agrees = got is None or got in case.expected["languages"]
    yield Finding(case.name, "language", agrees, repr(case.expected["languages"]), repr(got))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)})"


COMPARED: Mapping[str, Comparer] = {
    "text_exact": _exact,
    "text_file": _exact,
    "text_contains": _contains("text_contains"),
    "text_endswith": _contains("text_endswith"),
    "text_count": _count,
    "html_exact": _html,
    "html_endswith": _html,
    **dict.fromkeys(_NEW_TEXT, _reply),
    "new_text_is_whole_body": _whole,
    "signature_or_quote_not_in_new_text": _signature,
    "languages": _language,
}
