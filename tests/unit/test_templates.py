"""The mails as a shop edits them and as a customer reads them."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildaemon.adapters.templates import TemplateComposer, awkward_drafts
from maildaemon.domain.attachments import Reason
from maildaemon.domain.delivery import Draft, Refusal, Section
from maildaemon.domain.message import Address
from maildaemon.errors import OperatorError
from maildaemon.shipped import shipped
from tests.unit.test_compose import a_draft

LANGUAGES = ("en", "it", "fr", "de", "es")
BOTH = (Section.ACKNOWLEDGEMENT, Section.REFUSED_FILES)
SHIPPED = shipped("config") / "templates"

# Every reason there may be for refusing a file, also those that nothing finds yet.
REASONS = (
    "extension_blocked type_not_allowed type_mismatch too_large too_many total_too_large "
    "archive_encrypted archive_too_deep archive_bomb archive_contains_blocked macro "
    "active_content malware scanner_unavailable ambiguous unreadable"
).split()


@pytest.fixture(scope="module")
def composer() -> TemplateComposer:
    return TemplateComposer(LANGUAGES, "en")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of the operator's, with Italian in it."""
    shutil.copytree(SHIPPED / "it", tmp_path / "it")
    return tmp_path


def a_refusal_draft(**overrides: Any) -> Draft:
    draft = a_draft(
        sections=BOTH,
        refusals=(Refusal("setup.exe", "extension_blocked"), Refusal("huge.pdf", "too_large")),
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
    return str(mail["Subject"]), content(text), content(html)


def content(part: Any) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


def test_an_acknowledgement_in_english(composer: TemplateComposer) -> None:
    subject, text, _ = written(composer, a_draft())

    assert subject == "[#K7F3-Q2] We have received your message"
    assert text == (
        "Hello,\n\n"
        "Thank you for writing to us. Your message has arrived, and one of us will read it and "
        "answer you personally.\n\n"
        "Your reference is K7F3-Q2. If you would like to add something, just reply to this email. "
        "Otherwise there is no need to write again.\n\n"
        "If our answer seems to be missing, please look in your spam folder too.\n\n"
        "Kind regards\nA Shop\n\n"
        "This email was sent automatically. The answer will be written by a person.\n"
    )


def test_refused_files_are_explained_with_what_to_do_instead(composer: TemplateComposer) -> None:
    subject, text, _ = written(composer, a_refusal_draft(sections=(Section.REFUSED_FILES,)))

    assert subject == "[#K7F3-Q2] About the files you sent us"
    assert text == (
        "Hello,\n\n"
        "Thank you for your message.\n\n"
        "Unfortunately we could not accept:\n\n"
        "- setup.exe: files of this type can carry harmful software. A PDF or a picture works "
        "well.\n"
        "- huge.pdf: it is too large. A smaller photo or a PDF usually works.\n\n"
        "The rest of your message has reached us.\n\n"
        "What you can do: reply to this email and attach the file again in one of these "
        "formats:\n\n"
        "- pictures (JPEG)\n- documents (PDF)\n\n"
        "A single file may have up to 10 MB.\n\n"
        "Kind regards\nA Shop\n\n"
        "This email was sent automatically. The answer will be written by a person.\n"
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sections", [BOTH, BOTH[:1], BOTH[1:]])
def test_every_language_says_all_there_is_to_say(
    composer: TemplateComposer, language: str, sections: tuple[Section, ...]
) -> None:
    draft = a_refusal_draft(language=language, sections=sections)

    subject, text, html = written(composer, draft)

    assert subject.startswith("[#K7F3-Q2] ")
    for body in (text, html):
        assert "A Shop" in body
        assert ("K7F3-Q2" in body) == (Section.ACKNOWLEDGEMENT in sections or body is html)
        for told in ("setup.exe", "huge.pdf", "JPEG", "PDF", "10 M"):
            assert (told in body) == (Section.REFUSED_FILES in sections)
        assert not re.search(r"\{[{%#]|[}%#]\}", body)
    assert "\n\n\n" not in text
    assert max(map(len, text.splitlines())) < 250


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_for_refusing_a_file_has_its_own_sentence(language: str) -> None:
    words = dict(
        line.split(": ", 1)
        for line in (SHIPPED / language / "words.txt").read_text("utf-8").splitlines()
        if ": " in line
    )

    assert {reason.value for reason in Reason} <= set(REASONS) <= set(words)
    assert len({words[reason] for reason in REASONS}) == len(REASONS)
    assert all(words[reason].endswith(".") for reason in REASONS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_html_is_for_everybody_and_asks_for_nothing(
    composer: TemplateComposer, language: str
) -> None:
    _, _, html = written(composer, a_refusal_draft(language=language))
    page = Page()
    page.feed(html)
    page.close()

    assert page.open == []
    assert page.languages == [language, language]
    assert page.headings == ["h1", "h2"]
    # Nothing remote, nothing active, no colours that could be hard to read.
    assert page.tags.isdisjoint({"img", "link", "script", "a", "iframe", "form", "base", "object"})
    assert not re.search(r"https?:|url\(|src=|color|<style", html)


class Page(HTMLParser):
    """What matters in a page; fails on tags that do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.headings: list[str] = []
        self.languages: list[str | None] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in {"meta", "br"}:
            self.open.append(tag)
        if re.fullmatch(r"h\d", tag):
            self.headings.append(tag)
        self.languages += [value for name, value in attrs if name == "lang"]

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
    assert "- and 480 more\n" in text
    assert len(raw) < 10_000


def test_a_file_name_that_is_a_link_is_replaced_by_its_number(composer: TemplateComposer) -> None:
    refusals = (Refusal("a.exe", "macro"), Refusal("http://evil.example", "macro"))

    for body in written(composer, a_refusal_draft(refusals=refusals, language="de"))[1:]:
        assert "Datei 2" in body
        assert "evil" not in body


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
def test_what_a_stranger_wrote_stays_what_it_is(composer: TemplateComposer, attack: str) -> None:
    draft = a_refusal_draft(
        refusals=(Refusal(attack, "too_large"),),
        sender_known=True,
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


# --- languages and folders -----------------------------------------------------------------------


def test_the_shipped_templates_hold_for_awkward_values(composer: TemplateComposer) -> None:
    composer.check()

    assert composer.languages() == LANGUAGES
    assert sorted(it.name for it in SHIPPED.iterdir()) == sorted(LANGUAGES)


def test_awkward_drafts_use_every_section_and_reason() -> None:
    drafts = list(awkward_drafts("en"))

    assert {section for it in drafts for section in it.sections} == set(Section)
    assert {refusal.reason for it in drafts for refusal in it.refusals} == set(Reason)


@pytest.mark.parametrize(
    ("asked", "greeting"), [("it", "Buongiorno"), ("it-CH", "Buongiorno"), ("fi", "Guten Tag")]
)
def test_an_unknown_language_is_answered_in_the_default_one(asked: str, greeting: str) -> None:
    composer = TemplateComposer(("it",), "de")

    assert written(composer, a_draft(language=asked))[1].startswith(greeting)
    assert composer.languages() == ("de", "it")


def test_a_language_that_is_not_wanted_is_not_used() -> None:
    _, text, _ = written(TemplateComposer((), "en"), a_draft(language="it"))

    assert text.startswith("Hello")


def test_the_operators_own_file_goes_before_the_shipped_one(own: Path) -> None:
    template = own / "it" / "response.txt"
    template.write_bytes(
        b"\xef\xbb\xbfSubject: Eccoci {{ reference }}\r\n\r\nCiao da {{ shop }}\r\n"
    )
    (own / "it" / "response.html").unlink()
    composer = TemplateComposer(("it",), "en", own)

    composer.check()

    subject, text, html = written(composer, a_draft(language="it"))
    assert (subject, text) == ("Eccoci K7F3-Q2", "Ciao da A Shop\n")
    assert "Abbiamo ricevuto" in html
    assert written(composer, a_draft())[1].startswith("Hello")


def test_a_language_of_the_operators_own(own: Path) -> None:
    (own / "it").rename(own / "nl")
    composer = TemplateComposer(("nl",), "en", own)

    composer.check()

    assert composer.languages() == ("en", "nl")


def test_a_template_changed_while_running_waits_for_the_next_start(own: Path) -> None:
    composer = TemplateComposer(("it",), "it", own)
    composer.check()
    before = composer.compose(a_draft(language="it"))

    (own / "it" / "response.txt").write_text("{{ half saved")

    assert composer.compose(a_draft(language="it")) == before


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "it" / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    return change


@pytest.mark.parametrize(
    ("break_it", "where", "what"),
    [
        (edit("response.txt", "{{ shop }}", "{{ shopp }}"), "it/response.txt:44", "'shopp'"),
        (edit("response.html", "<h1", "{% if %}<h1"), "it/response.html:12", "Expected"),
        (edit("response.txt", "{{ shop }}", "{{ shop / 2 }}"), "it/response.txt:44", "TypeError"),
        (edit("response.txt", "{{ shop }}", "{{ 1 // 0 }}"), "it/response.txt:44", "ZeroDivision"),
        (
            edit("response.txt", "{{ shop }}", "{{ shop.__class__.__mro__ }}"),
            "it/response.txt:44",
            "__class__",
        ),
        (
            edit("response.txt", "{{ shop }}", '{% include "it/none.txt" %}'),
            "it/response.txt:44",
            "it/none.txt",
        ),
        (
            edit("response.txt", "{{ shop }}", "{% for x in range(99999) %}...{% endfor %}"),
            "it/response.txt",
            "longer than",
        ),
        (edit("response.txt", "Subject:", "Oggetto:"), "it/response.txt", "begins with 'Oggetto"),
        (edit("words.txt", "too_many:", "zu_viele:"), "it/words.txt", "no words for too_many"),
    ],
)
def test_a_broken_template_is_named_with_file_and_line(
    own: Path, break_it: Callable[[Path], None], where: str, what: str
) -> None:
    break_it(own)

    with pytest.raises(OperatorError) as trouble:
        TemplateComposer(("it",), "en", own).check()

    assert trouble.value.where == str(own / where)
    assert what in trouble.value.what


def test_bytes_that_are_no_utf_8_are_named(own: Path) -> None:
    (own / "it" / "response.txt").write_bytes(b"Subject: x\n\nperch\xe9\n")

    with pytest.raises(OperatorError, match=r"it/response\.txt.*utf-8"):
        TemplateComposer(("it",), "en", own).check()

    (own / "it" / "response.txt").unlink()
    (own / "it" / "words.txt").write_bytes(b"file: perch\xe9\n")
    with pytest.raises(OperatorError, match=r"it/words\.txt.*utf-8"):
        TemplateComposer(("it",), "en", own).check()


def test_a_language_without_all_its_files_is_named(own: Path) -> None:
    (own / "it").rename(own / "nl")
    (own / "nl" / "words.txt").unlink()

    with pytest.raises(OperatorError, match=r"'nl' lacks words\.txt"):
        TemplateComposer(("nl",), "en", own).check()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="is no folder"):
        TemplateComposer(("it",), "en", tmp_path / "missing").check()


def test_own_files_that_no_mail_is_written_from_are_named(own: Path) -> None:
    for name in (
        "deutsch/response.txt",
        "it/respnse.txt",
        "it/README",
        ".git/a.txt",
        "fr/words.txt",
    ):
        (own / name).parent.mkdir(exist_ok=True)
        (own / name).write_text("x {% broken")
    (own / "it" / "footer.txt").write_text("Ciao")
    with (own / "it" / "response.txt").open("a") as file:
        file.write("{% include 'it/footer.txt' %}")

    unused = TemplateComposer(("it",), "en", own).unused()

    files = "response.txt, response.html, words.txt"
    assert unused == (
        f"{own}/deutsch/response.txt: no language `deutsch`; the folders are en, it",
        f"{own}/fr/words.txt: no language `fr`; the folders are en, it",
        f"{own}/it/respnse.txt: no mail is written from `respnse.txt`; the files are {files}",
    )


def test_nothing_shipped_is_unused(own: Path) -> None:
    assert TemplateComposer(LANGUAGES, "en").unused() == ()
    assert TemplateComposer(("it",), "en", own).unused() == ()
