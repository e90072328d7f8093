"""What an operator can change in the texts, and how mistakes in them are named."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from maildaemon.adapters.awkward import awkward_drafts, awkward_reminders
from maildaemon.adapters.templates import TemplateComposer
from maildaemon.domain.attachments import Reason
from maildaemon.domain.delivery import TIMED, Announcement, Draft, Refusal, Section
from maildaemon.errors import OperatorError
from tests.unit.test_compose import a_draft
from tests.unit.test_templates import LANGUAGES, SHIPPED, written


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of the operator's, with Italian in it, and an order of its own for that."""
    shutil.copytree(SHIPPED / "it", tmp_path / "it")
    for name in ("response.txt", "response.html"):
        shutil.copy(SHIPPED / name, tmp_path / "it")
    return tmp_path


# --- languages and folders -----------------------------------------------------------------------


def test_the_shipped_templates_hold_for_awkward_values() -> None:
    composer = TemplateComposer(LANGUAGES, "en", timed=TIMED)
    composer.check()

    assert composer.languages() == LANGUAGES
    assert sorted(it.name for it in SHIPPED.iterdir() if it.is_dir()) == sorted(LANGUAGES)


def test_awkward_drafts_use_every_section_and_reason() -> None:
    drafts = [*awkward_drafts("en"), *awkward_reminders("en")]

    assert {section for it in drafts for section in it.sections} == set(Section)
    assert {refusal.reason for it in drafts for refusal in it.refusals} == set(Reason)


def test_awkward_drafts_have_a_message_of_which_no_file_is_known() -> None:
    refusals = [one for it in awkward_drafts("en") for one in it.refusals]

    assert Refusal(None, Reason.MESSAGE_TOO_LARGE) in refusals


def test_a_shops_own_order_has_a_name_for_the_files_of_a_message_too_large_to_be_read(
    own: Path,
) -> None:
    (own / "it" / "response.txt").write_text(
        "Subject: A\n\n{% for it in refused_files %}- {{ it.name }}: {{ it.why }}\n{% endfor %}\n"
    )
    (own / "it" / "words.txt").write_text("all_files: gli allegati\n")
    refusals = (Refusal(None, Reason.MESSAGE_TOO_LARGE), Refusal("a.exe", "too_large"))
    sections = (Section.REFUSED_FILES,)
    draft = a_draft(language="it", sections=sections, refusals=refusals, sender_known=True)

    composer = TemplateComposer(("it",), "en", own)
    composer.check()

    first, second = written(composer, draft)[1].splitlines()
    assert first.startswith("- gli allegati: il suo messaggio era troppo grande per ")
    assert second.startswith("- a.exe: è troppo grande.")


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


@pytest.mark.parametrize("shipped", [True, False])
def test_what_is_shipped_is_read_at_the_start_and_written_only_if_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipped: bool
) -> None:
    shutil.copytree(SHIPPED, tmp_path / "templates")
    monkeypatch.setattr("maildaemon.adapters.templates.shipped", lambda _: tmp_path)
    composer = TemplateComposer(LANGUAGES, "en", timed=TIMED)
    composed: list[Draft] = []
    monkeypatch.setattr(composer, "compose", composed.append)

    composer.check(shipped=shipped)
    monkeypatch.undo()

    assert bool(composed) is shipped


def test_an_update_beside_a_running_daemon_changes_no_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(SHIPPED, tmp_path / "templates")
    monkeypatch.setattr("maildaemon.adapters.templates.shipped", lambda _: tmp_path)
    composer = TemplateComposer(LANGUAGES, "en", timed=TIMED)

    composer.check(shipped=False)
    shutil.rmtree(tmp_path / "templates")

    assert all(composer.compose(a_draft(language=it)) for it in LANGUAGES)


@pytest.mark.parametrize("shipped", [True, False])
def test_what_is_the_operators_own_is_always_written(own: Path, shipped: bool) -> None:
    edit("response.txt", "{{ shop }}", "{{ shop / 2 }}")(own)

    with pytest.raises(OperatorError, match="TypeError"):
        TemplateComposer(("it",), "en", own).check(shipped=shipped)


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
        (edit("response.txt", "{{ shop }}", "{{ shopp }}"), "it/response.txt:90", "'shopp'"),
        (edit("response.html", "<h1", "{% if %}<h1"), "it/response.html:13", "Expected"),
        (edit("response.txt", "{{ shop }}", "{{ shop / 2 }}"), "it/response.txt:90", "TypeError"),
        (edit("response.txt", "{{ shop }}", "{{ 1 // 0 }}"), "it/response.txt:90", "ZeroDivision"),
        (
            edit("response.txt", "{{ shop }}", "{{ shop.__class__.__mro__ }}"),
            "it/response.txt:90",
            "__class__",
        ),
        (
            edit("response.txt", "{{ shop }}", '{% include "it/none.txt" %}'),
            "it/response.txt:90",
            "it/none.txt",
        ),
        (
            edit("response.txt", "{{ shop }}", "{% for x in range(99999) %}...{% endfor %}"),
            "it/response.txt",
            "longer than",
        ),
        (edit("response.txt", '"goodbye"', '"godbye"'), "it/response.txt:89", "`godbye`"),
        (edit("response.txt", '"spam"', '"files"'), "it/response.txt:84", "no line `files`"),
        (edit("response.txt", "Subject:", "Oggetto:"), "it/response.txt", "begins with 'Oggetto"),
        (edit("words.txt", "{count} file", "file {n}"), "it/words.txt", "`more_files.one` has {n}"),
        (edit("words.txt", "è {reference}", "è"), "it/words.txt", "lacks {reference}"),
        (edit("words.txt", ", dicembre", ""), "it/words.txt", "`months` must name 12"),
    ],
)
def test_s18_a_broken_template_is_named_with_file_and_line(
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


def test_a_language_without_its_words_is_named(own: Path) -> None:
    with pytest.raises(OperatorError, match=r"'sv' lacks words\.txt"):
        TemplateComposer(("sv",), "en", own).check()


def test_a_sentence_that_a_new_language_lacks_is_named(own: Path) -> None:
    (own / "it").rename(own / "sv")
    words = own / "sv" / "words.txt"
    words.write_text(re.sub(r"(?m)^(spam|files\.other|too_many):.*\n", "", words.read_text()))

    with pytest.raises(
        OperatorError, match=r"no words for files\.other, spam, too_many"
    ) as trouble:
        TemplateComposer(("sv",), "en", own).check()

    assert trouble.value.where == str(words)


def test_a_line_of_the_operators_own_goes_before_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "words.txt").write_bytes(
        b"\xef\xbb\xbf# Only this\r\ngoodbye: Un abbraccio\r\n"
    )
    composer = TemplateComposer(("it",), "en", tmp_path)

    composer.check()

    assert composer.remarks() == ()
    subject, text, html = written(composer, a_draft(language="it"))
    assert subject.endswith("Abbiamo ricevuto il suo messaggio")
    assert "\nUn abbraccio\nA Shop\n" in text
    assert "<p>Un abbraccio<br>A Shop</p>" in html


def test_a_line_that_no_mail_is_written_from_is_a_remark(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "words.txt").write_text("goodby: Ciao\nneed.size: la taglia\n")

    remarks = TemplateComposer(("it",), "en", tmp_path).remarks()

    assert remarks == (f"{tmp_path}/it/words.txt: no mail is written from the line `goodby`",)


def test_one_order_of_the_operators_own_serves_every_language(tmp_path: Path) -> None:
    (tmp_path / "response.txt").write_text("Subject: {{ title }}\n\n{{ say('goodbye') }}")
    composer = TemplateComposer(LANGUAGES, "en", tmp_path)

    composer.check()

    assert composer.remarks() == ()
    assert written(composer, a_draft())[1] == "Kind regards\n"
    assert written(composer, a_draft(language="de"))[1] == "Freundliche Grüße\n"


# --- notices of the operator's own ---------------------------------------------------------------


def test_a_notice_of_the_operators_own_is_told_in_each_language_it_is_written_in(
    tmp_path: Path,
) -> None:
    for language, text in (("en", "Stock-taking until {date}."), ("it", "Inventario > {weekday}.")):
        (tmp_path / language).mkdir()
        (tmp_path / language / "words.txt").write_text(f"notice.stock: {text}")
    composer = TemplateComposer(("en", "it", "de"), "en", tmp_path, notices=("stock", "holiday"))

    composer.check()

    assert composer.remarks() == ("notices: 'stock' has no text in `de`; it will be told in `en`",)
    notice = (Announcement("stock", date(2027, 1, 1)),)
    told = {
        it: written(composer, a_draft(language=it, notices=notice))[2] for it in ("en", "it", "de")
    }
    assert "<p>Stock-taking until 1 January 2027.</p>" in told["en"]
    assert "<p>Inventario &gt; venerdì.</p>" in told["it"]
    assert '<p lang="en">Stock-taking until 1 January 2027.</p>' in told["de"]


def test_a_notice_that_is_written_nowhere_is_named_with_the_line_to_add(tmp_path: Path) -> None:
    composer = TemplateComposer(("en", "it"), "it", tmp_path, notices=("holiday", "stock"))

    with pytest.raises(OperatorError, match="no text for the notice 'stock'") as trouble:
        composer.check()

    assert trouble.value.where == "notices"
    assert "`notice.stock: …` to it/words.txt" in str(trouble.value)


# --- reminders of the operator's own -------------------------------------------------------------


def a_reminder(language: str, template: str | None = None) -> Draft:
    return a_draft(language=language, sections=(Section.FOLLOW_UP,), template=template)


def test_a_reminder_of_the_operators_own_is_told_in_each_language_it_is_written_in(
    tmp_path: Path,
) -> None:
    for language, text in (("en", "Does the ring fit?"), ("it", "L’anello va bene?")):
        (tmp_path / language).mkdir()
        (tmp_path / language / "words.txt").write_text(f"follow_up.ring: {text}")
    names = ("ring", "follow_up", "closing_soon")
    composer = TemplateComposer(("en", "it", "de"), "en", tmp_path, reminders=names, timed=TIMED)

    composer.check()

    assert composer.remarks() == ("follow_up: 'ring' has no text in `de`; it will be told in `en`",)
    told = {it: written(composer, a_reminder(it, "ring"))[2] for it in ("en", "it", "de")}
    assert "<p>Does the ring fit?</p>" in told["en"]
    assert "<p>L’anello va bene?</p>" in told["it"]
    assert '<p lang="en">Does the ring fit?</p>' in told["de"]
    assert "nichts zu tun" in told["de"]
    # The shipped ones are named like any other.
    shipped_ones = (a_reminder("en", it) for it in ("follow_up", "closing_soon", None))
    assert len({composer.compose(it) for it in shipped_ones}) == 1


def test_a_reminder_that_is_written_nowhere_is_named_with_the_line_to_add(tmp_path: Path) -> None:
    composer = TemplateComposer(("en", "it"), "it", tmp_path, reminders=("closing_soon", "ring"))

    with pytest.raises(OperatorError, match="no text for the reminder 'ring'") as trouble:
        composer.check()

    assert trouble.value.where == "follow_up"
    assert "`follow_up.ring: …` to it/words.txt" in str(trouble.value)
    with pytest.raises(OperatorError, match="no text for the reminder 'ring'"):
        composer.compose(a_reminder("en", "ring"))


def test_a_line_of_a_reminder_is_none_that_no_mail_is_written_from(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "words.txt").write_text("follow_up.ring: L’anello va bene?")

    assert TemplateComposer(("it",), "it", tmp_path).remarks() == ()


@pytest.mark.parametrize("name", ["response.txt", "response.html"])
def test_an_own_order_that_does_not_tell_what_time_brings_is_named_where_it_is_needed(
    own: Path, name: str
) -> None:
    edit(name, "{{ timed.text }}", "")(own)
    TemplateComposer(("it",), "en", own).check()

    with pytest.raises(OperatorError, match=r"does not say 'le abbiamo scritto") as trouble:
        TemplateComposer(("it",), "en", own, timed=(Section.FOLLOW_UP,)).check()

    assert trouble.value.where == str(own / "it" / name)


def test_nothing_is_announced_as_settled_where_nothing_will_be() -> None:
    composer = TemplateComposer(("en",), "en")
    closing = replace(a_reminder("en"), sections=(Section.CLOSING_SOON,))

    assert composer.compose(closing) == composer.compose(a_reminder("en"))
    assert composer.compose(replace(closing, until=closing.date)) == composer.compose(closing)
    later = replace(closing, until=closing.date + timedelta(days=3))
    assert "by Tuesday, 24 November 2026, we will take" in written(composer, later)[1]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="is no folder"):
        TemplateComposer(("it",), "en", tmp_path / "missing").check()


def test_own_files_that_no_mail_is_written_from_are_named(own: Path) -> None:
    for name in (
        "deutsch/response.txt",
        "it/respnse.txt",
        "it/README",
        "words.txt",
        ".git/a.txt",
        "fr/words.txt",
    ):
        (own / name).parent.mkdir(exist_ok=True)
        (own / name).write_text("x {% broken")
    (own / "it" / "footer.txt").write_text("Ciao")
    with (own / "it" / "response.txt").open("a") as file:
        file.write("{% include 'it/footer.txt' %}")

    unused = TemplateComposer(("it",), "en", own).unused()

    orders = "response.txt, response.html"
    files = f"{orders}, words.txt"
    languages = "the folders are en, it"
    assert unused == (
        f"{own}/deutsch/response.txt: no language `deutsch`; {languages}",
        f"{own}/fr/words.txt: no language `fr`; {languages}",
        f"{own}/it/respnse.txt: no mail is written from `respnse.txt`; the files are {files}",
        f"{own}/words.txt: no mail is written from `words.txt`; the files are {orders}",
    )


def test_nothing_shipped_is_unused(own: Path) -> None:
    assert TemplateComposer(LANGUAGES, "en").unused() == ()
    assert TemplateComposer(("it",), "en", own).unused() == ()
