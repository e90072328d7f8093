"""The mails as a shop edits them and as a customer reads them."""

import re
from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildaemon.adapters.templates import TemplateComposer
from maildaemon.domain.delivery import RESPONSE, Announcement, Draft, Refusal, Section
from maildaemon.domain.message import Address
from maildaemon.errors import OperatorError
from maildaemon.shipped import shipped
from tests.unit.test_compose import a_draft, joined

LANGUAGES = ("en", "it", "fr", "de", "es", "ru", "pt", "nl", "pl", "uk")
BOTH = (Section.ACKNOWLEDGEMENT, Section.REFUSED_FILES)
SHIPPED = shipped("config") / "templates"


@pytest.fixture(scope="module")
def composer() -> TemplateComposer:
    return TemplateComposer(LANGUAGES, "en")


def a_refusal_draft(**overrides: Any) -> Draft:
    draft = a_draft(
        sections=BOTH,
        refusals=(Refusal("setup.exe", "extension_blocked"), Refusal("huge.pdf", "too_large")),
        sender_known=True,
        accepted_types=("image/jpeg", "application/pdf"),
        max_file_size=10_000_000,
    )
    return replace(draft, **overrides)


def written(composer: TemplateComposer, draft: Draft) -> tuple[str, str, str]:
    """Return subject, text and HTML as a mail client shows them."""
    mail = message_from_bytes(composer.compose(draft), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    text, html = mail.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return str(mail["Subject"]), joined(content(text)), content(html)


def content(part: Any) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


def test_who_gave_an_unknown_order_number_is_told_that_it_was_not_found(
    composer: TemplateComposer,
) -> None:
    draft = a_draft(sections=(Section.MISSING_FACTS,), missing=("order_number",))

    _, told, _ = written(composer, replace(draft, number_unknown=True))

    assert "- your order number once more: we could not find the one in your message" in told


def test_an_acknowledgement_in_english(composer: TemplateComposer) -> None:
    subject, text, _ = written(composer, a_draft())

    assert subject == "[#K7F3-Q2] We have received your message"
    assert text == (
        "Hello,\n\n"
        "Thank you for writing to us. Your message has arrived, and one of us will read it and "
        "answer you personally.\n\n"
        "If you would like to add something, just reply to this email. "
        "Otherwise there is no need to write again.\n\n"
        "If our answer seems to be missing, please look in your spam folder too.\n\n"
        "Your reference is K7F3-Q2.\n\n"
        "Kind regards\nA Shop\n\n"
        "This email was sent automatically. The answer will be written by a person.\n"
    )


def test_refused_files_are_explained_with_what_to_do_instead(composer: TemplateComposer) -> None:
    subject, text, _ = written(composer, a_refusal_draft(sections=(Section.REFUSED_FILES,)))

    assert subject == "[#K7F3-Q2] About the files you sent us"
    assert text == (
        "Hello,\n\n"
        "Thank you for your message.\n\n"
        "Unfortunately we could not accept these files:\n\n"
        "- setup.exe: files of this type can carry harmful software. A PDF or a picture works "
        "well.\n"
        "- huge.pdf: it is too large. A smaller photo or a PDF usually works.\n\n"
        "The rest of your message has reached us.\n\n"
        "We gladly accept:\n\n"
        "- pictures (JPEG)\n- documents (PDF)\n\n"
        "A single file may have up to 10\u00a0MB.\n\n"
        "Just reply to this email, so that everything stays together.\n\n"
        "Your reference is K7F3-Q2.\n\n"
        "Kind regards\nA Shop\n\n"
        "This email was sent automatically. The answer will be written by a person.\n"
    )


def test_everything_at_once_stands_in_its_order(composer: TemplateComposer) -> None:
    draft = a_refusal_draft(
        sections=RESPONSE,
        refusals=(Refusal("setup.exe", "macro"),),
        missing=("order_number", "question"),
        notices=(Announcement("holiday", date(2027, 1, 2)),),
        slower=True,
        privacy_url="https://shop.example/privacy",
    )

    _, text, _ = written(composer, draft)

    assert [it[:40] for it in text.splitlines() if it and not it.startswith("- ")] == [
        "Hello,",
        "Thank you for writing to us. Your messag",
        "You are welcome to write in your own lan",
        "Unfortunately we could not accept this f",
        "The rest of your message has reached us.",
        "We gladly accept:",
        "A single file may have up to 10\u00a0MB.",
        "So that we can help you quickly, please ",
        "We are on holiday up to and including Sa",
        "Just reply to this email, so that everyt",
        "If our answer seems to be missing, pleas",
        "Your reference is K7F3-Q2.",
        "Kind regards",
        "A Shop",
        "This email was sent automatically. The a",
        "How we handle your data: https://shop.ex",
    ]


@pytest.mark.parametrize(
    ("sections", "files", "subject"),
    [
        (RESPONSE, 1, "We have received your message"),
        ((Section.REFUSED_FILES, Section.NOTICE), 1, "About the file you sent us"),
        ((Section.REFUSED_FILES,), 21, "About the files you sent us"),
        ((Section.MISSING_FACTS,), 0, "We need a little more from you"),
        ((Section.REFUSED_FILES, Section.MISSING_FACTS), 1, "About your message"),
    ],
)
def test_the_subject_says_what_the_mail_is_about(
    composer: TemplateComposer, sections: tuple[Section, ...], files: int, subject: str
) -> None:
    draft = a_draft(
        sections=sections, refusals=(Refusal("a.exe", "macro"),) * files, missing=("photo",)
    )

    assert written(composer, draft)[0] == f"[#K7F3-Q2] {subject}"


@pytest.mark.parametrize(
    ("language", "counted"),
    [
        ("en", {1: "and 1 more file", 2: "and 2 more files", 21: "and 21 more files"}),
        ("pl", {1: "1 plik", 3: "3 pliki", 12: "12 plików", 21: "21 plików", 22: "22 pliki"}),
        ("ru", {1: "1 файл", 3: "3 файла", 5: "5 файлов", 11: "11 файлов", 21: "21 файл"}),
        ("uk", {1: "1 файл", 4: "4 файли", 14: "14 файлів", 24: "24 файли", 111: "111 файлів"}),
    ],
)
def test_a_number_takes_the_form_that_its_language_gives_it(
    composer: TemplateComposer, language: str, counted: dict[int, str]
) -> None:
    for number, words in counted.items():
        refusals = (Refusal("f.exe", "macro"),) * (20 + number)
        _, text, _ = written(composer, a_refusal_draft(language=language, refusals=refusals))

        assert re.search(rf"^- \D*\b{words}$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("language", "new_year", "later"),
    [
        ("en", "Friday, 1 January 2027", "Saturday, 2 January 2027"),
        ("it", "venerdì 1º gennaio 2027", "sabato 2 gennaio 2027"),
        ("fr", "vendredi 1er janvier 2027", "samedi 2 janvier 2027"),
        ("de", "Freitag, 1. Januar 2027", "Samstag, 2. Januar 2027"),
        ("es", "viernes 1 de enero de 2027", "sábado 2 de enero de 2027"),
        ("pt", "sexta-feira, 1 de janeiro de 2027", "sábado, 2 de janeiro de 2027"),
        ("nl", "vrijdag 1 januari 2027", "zaterdag 2 januari 2027"),
        ("pl", "1 stycznia 2027 r.", "2 stycznia 2027 r."),
        ("ru", "1 января 2027 года", "2 января 2027 года"),
        ("uk", "1 січня 2027 року", "2 січня 2027 року"),
    ],
)
def test_the_last_day_of_a_notice_is_written_as_its_language_writes_dates(
    composer: TemplateComposer, language: str, new_year: str, later: str
) -> None:
    for day, told in ((1, new_year), (2, later)):
        draft = a_draft(
            language=language,
            sections=(Section.ACKNOWLEDGEMENT, Section.NOTICE),
            notices=(Announcement("holiday", date(2027, 1, day)),),
        )

        for body in written(composer, draft)[1:]:
            assert told in body


def test_a_fact_that_no_language_has_words_for_is_named(composer: TemplateComposer) -> None:
    draft = a_draft(sections=(Section.MISSING_FACTS,), missing=("shoe_size",))

    with pytest.raises(OperatorError, match=r"en/words\.txt: no words for need\.shoe_size"):
        composer.compose(draft)


class Page(HTMLParser):
    """The texts of a page; fails on tags that do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_known_sender_gets_an_answer_to_the_own_subject(composer: TemplateComposer) -> None:
    assert written(composer, a_draft(subject="My ring"))[0] == "Re: My ring"
    assert written(composer, a_draft(subject=" \u200b"))[0].startswith("[#K7F3-Q2] ")


def test_a_shop_without_a_name_signs_with_its_address(composer: TemplateComposer) -> None:
    _, text, _ = written(composer, a_draft(sender=Address("", "support@shop.example")))

    assert "Kind regards\nsupport@shop.example\n" in text


def test_many_refused_files_are_counted_not_listed(composer: TemplateComposer) -> None:
    refusals = tuple(Refusal(f"f{number}.exe", "too_many") for number in range(500))

    raw = composer.compose(a_refusal_draft(refusals=refusals))
    _, text, _ = written(composer, a_refusal_draft(refusals=refusals))

    assert "- f19.exe" in text
    assert "f20.exe" not in text
    assert "- and 480 more files\n" in text
    assert len(raw) < 10_000


def test_a_file_name_that_is_a_link_is_replaced_by_its_number(composer: TemplateComposer) -> None:
    refusals = (Refusal("a.exe", "macro"), Refusal("http://evil.example", "macro"))

    for body in written(composer, a_refusal_draft(refusals=refusals, language="de"))[1:]:
        assert "Datei 2" in body
        assert "evil" not in body


@pytest.mark.parametrize(
    ("language", "file"),
    [("en", "file 2 (.pdf)"), ("de", "Datei 2 (.pdf)"), ("uk", "файл 2 (.pdf)")],
)
def test_to_whoever_may_be_forged_a_file_is_named_by_its_number_and_type(
    composer: TemplateComposer, language: str, file: str
) -> None:
    draft = a_refusal_draft(language=language, sender_known=False)

    for body in written(composer, draft)[1:]:
        assert file in body
        assert "huge" not in body


@pytest.mark.parametrize(
    "attack",
    [
        "{{ 7*7 }}",
        "{% for x in range(10**9) %}{% endfor %}",
        "{{ ''.__class__.__mro__ }}",
        "{# gone #}",
        "${7*7} {0.__class__} %(x)s",
        "<script>alert(1)<-script>",
        "<b>&amp;\"'",
    ],
)
def test_s06_s18_what_a_stranger_wrote_stays_what_it_is(
    composer: TemplateComposer, attack: str
) -> None:
    draft = a_refusal_draft(
        refusals=(Refusal(attack, "too_large"),),
        sender=Address(attack, "support@shop.example"),
        reference=attack,
    )

    _, text, html = written(composer, draft)

    assert f"\n- {attack}: " in text
    assert f"Kind regards\n{attack}\n" in text
    page = Page()
    page.feed(html)
    page.close()
    assert page.texts.count(attack) >= 2
    assert "<script" not in html
    assert "<b>" not in html


# The first mail waits for the templates to be read, and a busy machine for more than that.
@settings(deadline=None)
@given(name=st.text(st.characters(), max_size=80), subject=st.text(st.characters(), max_size=80))
def test_any_text_gives_a_mail_with_the_same_header_fields(name: str, subject: str) -> None:
    draft = a_refusal_draft(
        refusals=(Refusal(name, "malware"),),
        sender=Address(name, "support@shop.example"),
        subject=subject,
    )

    mail = message_from_bytes(ANY_LANGUAGE.compose(draft), policy=policy.default)

    assert mail.keys() == message_from_bytes(ANY_LANGUAGE.compose(a_draft())).keys()
    assert [it.addr_spec for it in mail["To"].addresses] == ["anna@customer.example"]


ANY_LANGUAGE = TemplateComposer(LANGUAGES, "en")


def test_the_same_draft_gives_the_same_bytes(composer: TemplateComposer) -> None:
    other = TemplateComposer(LANGUAGES, "en")

    assert composer.compose(a_refusal_draft()) == other.compose(a_refusal_draft())
