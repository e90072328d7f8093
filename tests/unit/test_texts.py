"""What customers read, judged on the composed bytes: plain, whole, for everybody, one language."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from statistics import mean
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from selectolax.lexbor import LexborHTMLParser

from maildaemon.adapters.templates import TemplateComposer
from maildaemon.adapters.vocabulary import parse_words
from maildaemon.domain.attachments import Reason
from maildaemon.domain.delivery import RESPONSE, TIMED, Announcement, Draft, Refusal, Section
from maildaemon.domain.message import Address
from maildaemon.domain.understanding import Link
from maildaemon.mail.language import detect_language
from tests.unit.test_compose import a_draft
from tests.unit.test_templates import LANGUAGES, SHIPPED, Page, written

URL = "https://shop.example/privacy"
ACK, REFUSED, MISSING, FAQ, NOTICE = RESPONSE
LINKS = (
    Link("Zyxreturns", "https://shop.example/returns"),
    Link("Zyxsizes", "https://shop.example/sizes"),
)
MIXTURES = {
    "acknowledgement": (ACK,),
    "one file": (REFUSED,),
    "files": (REFUSED,),
    "facts": (MISSING,),
    "files and facts": (REFUSED, MISSING),
    "links": (ACK, FAQ),
    "facts and links": (ACK, MISSING, FAQ),
    "holiday": (ACK, NOTICE),
    "file on a holiday": (REFUSED, NOTICE),
    "everything": RESPONSE,
    "dated": (ACK,),
    "dated nearly": (ACK,),
    **{section.value: (section,) for section in TIMED},
    "late without a date": (Section.LATE,),
    "late today": (Section.LATE,),
}
NOW = datetime(2026, 11, 28, 18, tzinfo=UTC)
SOON, LATER = NOW + timedelta(hours=40), NOW + timedelta(days=5)
RATINGS = tuple(f"mailto:support@shop.example?subject=K7F3-Q2&body={it}" for it in "54321")
TIMES: dict[str, dict[str, Any]] = {
    "dated": {"answer_by": LATER, "opens_at": NOW + timedelta(days=40)},
    "dated nearly": {"answer_by": SOON, "opens_at": NOW + timedelta(hours=39)},
    "closing_soon": {"until": LATER},
    "late": {"until": NOW - timedelta(days=1)},
    "late today": {"until": NOW - timedelta(hours=1)},
    "escalated": {"until": SOON},
    "feedback": {"ratings": RATINGS},
}
WORDS = {it: parse_words((SHIPPED / it / "words.txt").read_text("utf-8")) for it in LANGUAGES}
COMPOSER = TemplateComposer(LANGUAGES, "en")

# How a shop does not address a customer, where there is a choice.
TOO_FAMILIAR = {
    "it": "tu te tuo tua tuoi tue ti scrivi rispondi guarda",
    "fr": "tu te ton ta tes toi",
    "de": "du dir dich dein deine deinen deiner euch eure",
    "es": "tú te ti tu tus vosotros vuestro vuestra responde escribe",
    "pt": "tu te ti teu tua teus tuas",
    "nl": "je jij jou jouw jullie",
    "pl": "ty ci ciebie cię twój twoja twoją twoje twojego",
    "ru": "ты тебе тебя твой твоя твоё твои вы вам вас ваш ваше ваши вашим",
    "uk": "ти тобі тебе твій твоя твоє твої ви вам вас ваш ваше ваші вашого",
}


def of_every_mixture(judge: Callable[[str, str], None]) -> Callable[[str], None]:
    """Judge all texts of a language in one test: to collect one for each takes longer than it."""

    @pytest.mark.parametrize("language", LANGUAGES)
    def test(language: str) -> None:
        for mixture in MIXTURES:
            judge(language, mixture)

    return test


def a_text(language: str, mixture: str) -> Draft:
    """Return a draft of which everything that its sections call for is known."""
    sections = MIXTURES[mixture]
    refusals = (Refusal("setup.exe", "extension_blocked"), Refusal("huge.pdf", "too_large"))
    return replace(
        a_draft(),
        language=language,
        sections=sections,
        sender=Address("Zyx", "support@shop.example"),
        refusals=refusals[: 1 if "file" in mixture.split() else 2] if REFUSED in sections else (),
        sender_known=True,
        accepted_types=("image/jpeg", "application/pdf"),
        max_file_size=10_000_000,
        missing=("order_number", "photo", "question") if MISSING in sections else (),
        faq=LINKS if FAQ in sections else (),
        notices=(Announcement("holiday", date(2027, 1, 2)),) if NOTICE in sections else (),
        slower=mixture == "everything",
        privacy_url=URL if ACK in sections else None,
        date=NOW,
        zone=ZoneInfo("America/New_York"),
        **TIMES.get(mixture, {}),
    )


@cache
def mail(language: str, mixture: str) -> tuple[str, str, str]:
    """Return subject, text and HTML."""
    return written(COMPOSER, a_text(language, mixture))


def prose(language: str, mixture: str) -> str:
    """Return the plain text without what is the same in every language."""
    text = mail(language, mixture)[1]
    same = r"https://\S+|\bZyx\w*|K7F3-Q2|setup\.exe|huge\.pdf|\(JPEG\)|\(PDF\)|\(UTC\W\d\)"
    return re.sub(same, "", text)


def sentences(text: str) -> list[str]:
    """Return what is read in one breath; a line of a list is one as well."""
    lines = text.replace(" r.", " r").splitlines()
    ends = re.compile(r"(?<!\b\d)(?<=[.!?:])\s+")
    return [it for line in lines for it in ends.split(line) if len(it.split()) > 1]


@of_every_mixture
def test_the_page_is_whole_and_says_its_language(language: str, mixture: str) -> None:
    html = mail(language, mixture)[2]
    page, tree = Page(), LexborHTMLParser(html)
    page.feed(html)
    page.close()

    assert page.open == []
    assert html.startswith("<!DOCTYPE html>")
    assert tree.root is not None
    assert tree.root.attributes == {"lang": language}
    # Many a web mail drops the html element: the text says it as well.
    assert {it.attributes["lang"] for it in tree.css("[lang]")} == {language}
    assert [it.tag for it in tree.css("body > *")] == ["div"]
    assert [it.text()[:10] for it in tree.css("title")] == ["[#K7F3-Q2]"]


@of_every_mixture
def test_headings_begin_with_one_of_the_first_level_and_leave_none_out(
    language: str, mixture: str
) -> None:
    tree = LexborHTMLParser(mail(language, mixture)[2])

    headings = tree.css("h1, h2, h3, h4, h5, h6")
    levels = [int(str(it.tag)[1:]) for it in headings]
    texts = [it.text() for it in headings]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(texts) == len(set(texts))
    assert all(texts)


@of_every_mixture
def test_nothing_is_fetched_and_nothing_runs(language: str, mixture: str) -> None:
    html = mail(language, mixture)[2]
    tree = LexborHTMLParser(html)

    assert {it.tag for it in tree.css("*")} <= {
        *("html", "head", "meta", "title", "body", "div"),
        *("h1", "h2", "p", "ul", "li", "strong", "bdi", "br", "a"),
    }
    names = {name for it in tree.css("*") for name in it.attributes}
    assert names <= {"lang", "charset", "name", "content", "style", "href"}
    links = [one.url for one in LINKS if one.url in html]
    rated = list(RATINGS if mixture == "feedback" else ())
    assert [it.attributes["href"] for it in tree.css("a")] == rated + links + [URL] * (URL in html)
    assert not re.search(r"url\(|@import|expression\(|http-equiv", html)


@of_every_mixture
def test_both_parts_say_the_same(language: str, mixture: str) -> None:
    _, text, html = mail(language, mixture)
    tree = LexborHTMLParser(html)
    for heading in tree.css("head, h1, h2"):
        heading.decompose()
    for link in tree.css("li a[href^=https]"):
        # Where the page has a link, the text shows where it leads.
        link.replace_with(f"{link.text()} {link.attributes['href']}")
    assert tree.body is not None

    said = re.sub(r"^- ", "", text, flags=re.MULTILINE)
    shown = tree.body.text(separator="")

    assert "".join(shown.split()) == "".join(said.split())


@of_every_mixture
def test_every_fact_is_told_and_no_blank_is_left(language: str, mixture: str) -> None:
    draft = a_text(language, mixture)
    subject, text, html = mail(language, mixture)

    facts = {
        "setup.exe": bool(draft.refusals),
        "huge.pdf": len(draft.refusals) > 1,
        f"10\u00a0{WORDS[language]['MB']}": bool(draft.refusals),
        "(JPEG)": bool(draft.refusals),
        WORDS[language]["need.photo"]: bool(draft.missing),
        WORDS[language]["slower"]: draft.slower,
        "Zyxreturns": bool(draft.faq),
        "https://shop.example/sizes": bool(draft.faq),
        "2027": bool(draft.notices) or mixture == "dated",
        "2026": bool(draft.answer_by or draft.until),
        "(UTC−5)": mixture in {"dated", "dated nearly", "late today", "escalated"},
        f"5 = {WORDS[language]['rating.5']}": mixture == "feedback",
        URL: draft.privacy_url is not None,
        "K7F3-Q2": True,
        "Zyx": True,
    }
    for body in (text, html):
        assert {it: it in body for it in facts} == facts
    for part in (subject, text, html):
        assert not re.search(r"[{}]|None|Undefined", part)
    assert "\n\n\n" not in text


@of_every_mixture
def test_sentences_are_short(language: str, mixture: str) -> None:
    lengths = [len(it.split()) for it in sentences(prose(language, mixture))]

    assert max(lengths) <= 22
    assert mean(lengths) <= 12


@of_every_mixture
def test_a_text_is_in_its_language_and_no_other(language: str, mixture: str) -> None:
    assert detect_language(prose(language, mixture), LANGUAGES).language == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_has_been_left_in_another_language(language: str) -> None:
    long = {name: it for name, it in WORDS[language].items() if len(it.split()) >= 5}
    found = {
        name: detect_language(re.sub(r"\{\w+\}", "", it), LANGUAGES).language
        for name, it in long.items()
    }

    assert {name: it for name, it in found.items() if it not in {language, None}} == {}
    assert len([it for it in found.values() if it == language]) > 0.9 * len(long)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_lines(language: str) -> None:
    names = {it for it in WORDS[language] if not it.endswith(".few")}

    assert names == {*WORDS["en"]}
    assert {reason.value for reason in Reason} <= names
    assert ("more_files.few" in WORDS[language]) == (language in {"pl", "ru", "uk"})
    reasons = [WORDS[language][reason.value] for reason in Reason]
    assert len({*reasons}) == len(reasons)
    assert all(it.endswith(".") for it in reasons)


@pytest.mark.parametrize("language", TOO_FAMILIAR)
def test_customers_are_addressed_as_a_shop_does(language: str) -> None:
    words = {name: re.findall(r"\w+", it) for name, it in WORDS[language].items()}

    # Russian and Ukrainian write the polite pronoun with a capital: a small one is a slip.
    familiar = {*TOO_FAMILIAR[language].split()}
    assert {name for name, it in words.items() if familiar & {*it}} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_typography_is_that_of_print(language: str) -> None:
    for name, sentence in WORDS[language].items():
        assert not re.search(r"['\"`]|\.\.\.|  | [,.]", sentence), name
        # In French a space that does not break goes before double signs, elsewhere none.
        space = "\u00a0" if language == "fr" else ""
        before = re.findall(r"(\s?)[:;?!»](?=\s|$)", sentence)
        assert {*before} <= {space}, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_shouted_at(language: str) -> None:
    loud = {name for name, it in WORDS[language].items() if "!" in it}

    assert loud <= {"greeting"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_promises_a_time(language: str) -> None:
    numbers = {name for name, it in WORDS[language].items() if re.search(r"\d", it)}

    assert numbers == {"first_day"}


# --- colours -------------------------------------------------------------------------------------

ENOUGH_CONTRAST = 4.5
# What mail programs draw with where a mail sets no colours: text and links, by day and by night.
USUAL = [
    ("#000000", "#ffffff"),
    ("#0000ee", "#ffffff"),
    ("#ffffff", "#121212"),
    ("#9e9eff", "#121212"),
]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours `#rrggbb`, by the formula of WCAG 2."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in channels]
    return sum(share * it for share, it in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def colours(html: str) -> list[tuple[str, str]]:
    """Return the pairs of text and background that a page can show; fail on half a pair."""
    pairs = []
    declared = re.findall(r'style="([^"]*)"', html) + re.findall(r"\{([^}]*)\}", html)
    for style in declared:
        text = re.search(r"(?<!-)\bcolor:\s*([^;]+)", style)
        ground = re.search(r"\bbackground(?:-color)?:\s*([^;]+)", style)
        if text or ground:
            assert text, style
            assert ground, style
            pairs.append((text[1].strip(), ground[1].strip()))
    return pairs or USUAL


def test_the_measure_of_contrast_is_right() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48
    assert colours('<p style="color: #777777; background: #ffffff">') == [("#777777", "#ffffff")]
    with pytest.raises(AssertionError):
        colours('<p style="color: #777777">')


@of_every_mixture
def test_text_stands_out_from_its_ground_by_day_and_by_night(language: str, mixture: str) -> None:
    html = mail(language, mixture)[2]

    assert '<meta name="color-scheme" content="light dark">' in html
    assert min(contrast(*pair) for pair in colours(html)) >= ENOUGH_CONTRAST
