import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from maildaemon.domain.policy import Mode
from maildaemon.settings import (
    Modes,
    Settings,
    example,
    fingerprint,
    json_schema,
    minimal,
    password_variable,
    read_settings,
    reference,
    show,
)
from maildaemon.settings.catalogue import Option, options_of
from maildaemon.settings.document import read_document
from maildaemon.settings.options import Section
from maildaemon.settings.write import entry
from tests.unit.test_settings import MINIMAL

FILE = Path("/etc/maildaemon/maildaemon.yaml")


def uncommented() -> str:
    """Return the example with every option in force, but for the files that it would read."""
    everything = re.sub(r"(?m)^( *)#(?=[a-z0-9_]+:|  )", r"\1", example())
    return everything.replace("include: [rules.yaml]", "include: []").replace(
        "    ics: holidays.ics\n", ""
    )


def every_option(section: type[Section] = Settings) -> Iterator[tuple[type[Section], Option]]:
    for option in options_of(section):
        yield section, option
        if inner := option.sections[0]:
            yield from every_option(inner)


def options_by_path(
    section: type[Section] = Settings, path: str = ""
) -> Iterator[tuple[str, Option]]:
    """Yield every option of the reference, `mailboxes[].imap.host`, sections too."""
    for option in options_of(section):
        inner, several = option.sections
        here = f"{path}{option.name}{'[]' if inner and several else ''}"
        yield here, option
        if inner and not option.elsewhere:
            yield from options_by_path(inner, f"{here}.")


def test_the_example_loads_without_problems() -> None:
    settings = read_settings(example(), FILE)

    assert settings.warnings == ()
    assert settings.service.mode == Modes(Mode.SHADOW)


def test_every_commented_option_of_the_example_is_valid_too() -> None:
    everything = uncommented()

    settings = read_settings(everything, FILE)

    assert not re.search(r"(?m)^ *#[a-z0-9_]+:", everything)
    usual = read_settings(example(), FILE)
    assert settings.attachments.scanner is not None
    assert settings.attachments.model_copy(update={"scanner": None}) == usual.attachments
    assert settings.limits == read_settings(example(), FILE).limits
    assert settings.mailboxes[0].staff == ("anna@example.com",)


def test_every_option_is_explained_and_stands_on_every_page() -> None:
    schema = json_schema()
    definitions: Any = schema["$defs"]
    written, explained = example(), reference()

    for section, option in every_option():
        described: Any = schema if section is Settings else definitions[section.__name__]
        assert option.sections[0] or option.description, option.name
        assert re.search(rf"\b{option.name}:", written), option.name
        assert f"`{option.name}" in explained or f".{option.name}" in explained, option.name
        assert option.name in described["properties"], option.name


def test_the_schema_knows_what_is_required_and_allows_nothing_else() -> None:
    schema = json_schema()

    assert schema["required"] == ["database", "mailboxes"]
    assert schema["additionalProperties"] is False


def test_what_is_shown_loads_again_to_the_same_settings() -> None:
    settings = read_settings(uncommented(), FILE)

    shown = read_settings(show(settings), Path("/elsewhere/maildaemon.yaml"))
    assert shown.model_dump() == settings.model_dump()


def test_the_same_file_has_one_fingerprint_whatever_way_leads_to_it(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.symlink_to(there)
    full = MINIMAL + f"service: {{templates: {here}/texts}}\n"

    def read(text: str, folder: Path) -> str:
        return fingerprint(read_settings(text, folder / "maildaemon.yaml"))

    for text in (uncommented(), MINIMAL, full):
        assert read(text, there) == read(text, here) != read(text, tmp_path / "other")
    assert read(full, here) == read(full.replace("here", "there"), there)
    assert read(full, here) != read(full.replace("texts", "words"), here)


def test_what_init_writes_loads_and_sends_nothing() -> None:
    text = minimal("support@shop.example", "imap.shop.example", "smtp.shop.example")

    settings = read_settings(text, FILE)

    (mailbox,) = settings.mailboxes
    assert settings.service.mode == Modes(Mode.SHADOW)
    assert settings.warnings == ()
    assert mailbox.name == "support"
    assert mailbox.smtp is not None
    assert (mailbox.imap.host, mailbox.smtp.host) == ("imap.shop.example", "smtp.shop.example")
    assert mailbox.imap.username == mailbox.smtp.username == "support@shop.example"
    assert repr(mailbox.imap.password) == "Secret(env: SUPPORT_PASSWORD)"
    assert password_variable("support") == "SUPPORT_PASSWORD"
    named = read_settings(text.replace("#display_name", "display_name"), FILE)
    assert named.mailboxes[0].display_name == "Your Shop"


def test_what_init_writes_suits_other_names_ports_and_logins() -> None:
    text = minimal("24-7.Help@shop.example", "mail", "mail", username="#7", smtp_port=587)

    (mailbox,) = read_settings(text, FILE).mailboxes

    assert mailbox.smtp is not None
    assert mailbox.name == "24-7-help"
    assert mailbox.imap.username == "#7"
    assert mailbox.smtp.port == 587
    assert repr(mailbox.imap.password) == "Secret(env: _24_7_HELP_PASSWORD)"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_is_written_so_that_it_is_read_back(text: str) -> None:
    lines = [*entry("scalar", text, 0), *entry("listed", [text] * 9, 0)]

    document = read_document("\n".join(lines), "x")

    assert document.problems == []
    assert document.root == {"scalar": text, "listed": [text] * 9}


def test_minimal_and_shown_have_the_same_meaning() -> None:
    settings = read_settings(MINIMAL, FILE)

    assert read_settings(show(settings), FILE) == settings


def test_a_regular_expression_is_written_as_it_is() -> None:
    assert entry("pattern", r"#?\b(\d{6})\b", 0) == [r"pattern: '#?\b(\d{6})\b'"]
