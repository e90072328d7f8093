"""README.md and docs/*.md: every command in them is typed, every configuration in them loads."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from maildaemon.cli import program
from maildaemon.settings import minimal, read_settings
from tests.pages import PAGES, anchors_of, blocks_of, links_of, named_commands, unfenced
from tests.servers.dovecot import Dovecot
from tests.servers.sink import SmtpSink
from tests.system.installation import Installation
from tests.system.reader import ELSEWHERE, Reader, a_shop, typed_elsewhere

# Who follows a page that says more than one installation can do in turn.
FOLLOWED_BY = {
    "texts.md": "test_texts_page",
    "privacy.md": "test_privacy_page",
    "operations.md": "test_operations_page",
    "cookbook.md": "test_cookbook_page",
}
KINDS = {"sh", "yaml", "json", "sql", "ini", "text", ""}
# Files that configurations of the pages name.
_FILES = {
    "holidays.ics": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
    "orders.csv": "order\n123456\n",
}


def commands_of(page: Path) -> list[str]:
    return [one for block in blocks_of(page) if block.kind == "sh" for one in block.commands]


WITH_COMMANDS = [page for page in PAGES if commands_of(page)]
TYPED_HERE = [
    page
    for page in WITH_COMMANDS
    if page.name not in FOLLOWED_BY and not all(typed_elsewhere(one) for one in commands_of(page))
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot) -> Iterator[Installation]:
    """An installation that has had mail, for all pages that change nothing of it for each other."""
    folder = tmp_path_factory.mktemp("shop")
    certificate = (dovecot.ca_file, dovecot.key_file)
    with (
        SmtpSink(folder / "log.jsonl", security="starttls", certificate=certificate) as sink,
        a_shop(folder, dovecot.account(), sink) as reader,
    ):
        yield reader.here


@pytest.mark.timeout(120)
@pytest.mark.parametrize("page", TYPED_HERE, ids=lambda it: it.name)
def test_every_command_of_a_page_does_what_it_says(page: Path, shop: Installation) -> None:
    reader = Reader(shop)
    try:
        reader.follow(*(one for one in blocks_of(page) if one.kind == "sh"))
    finally:
        reader.stop()

    assert reader.typed == [one for one in commands_of(page) if not typed_elsewhere(one)]


def test_every_page_with_commands_is_followed_by_somebody() -> None:
    here = Path(__file__).parent
    assert {*FOLLOWED_BY} <= {page.name for page in WITH_COMMANDS}
    for page, module in FOLLOWED_BY.items():
        assert "Reader" in (here / f"{module}.py").read_text("utf-8"), page


def test_what_is_not_typed_here_stands_in_a_page() -> None:
    commands = [one for page in WITH_COMMANDS for one in commands_of(page)]

    assert [one for one in ELSEWHERE if not any(it.startswith(one) for it in commands)] == []


def test_every_block_says_what_it_is_and_no_command_is_merely_indented() -> None:
    programs = {one.split()[0] for page in WITH_COMMANDS for one in commands_of(page)}
    for page in PAGES:
        kinds = {block.kind for block in blocks_of(page)}
        assert kinds <= KINDS, page
        indented = [one for one in unfenced(page).splitlines() if one.startswith("    ")]
        hidden = [one for one in indented if one.split() and one.split()[0] in programs]
        assert hidden == [], page


def test_every_configuration_of_a_page_loads(tmp_path: Path) -> None:
    for name, text in _FILES.items():
        (tmp_path / name).write_text(text)
    basis = yaml.load(minimal("support@example.com", "localhost", "localhost"), yaml.BaseLoader)
    # Whoever follows a page writes what it says to write, and loads that.
    pages = [page for page in PAGES if page.name not in FOLLOWED_BY]
    found = [(page, one) for page in pages for one in blocks_of(page) if one.kind == "yaml"]
    assert len(found) > 20

    for page, block in found:
        sections = yaml.load(block.text, yaml.BaseLoader)
        text = yaml.safe_dump(basis | sections, allow_unicode=True)
        settings = read_settings(text, tmp_path / "maildaemon.yaml")
        assert settings.mailboxes, (page, block.heading)


@pytest.mark.parametrize("page", PAGES, ids=lambda it: it.name)
def test_every_command_that_a_sentence_names_exists_with_its_options(page: Path) -> None:
    assert [why for one in named_commands(page) if (why := _why_unknown(one))] == []


def _why_unknown(named: str) -> str | None:
    """Return what is wrong with a command as it stands in a sentence, None if nothing is."""
    command: click.Command = program
    for word in named.split()[1:]:
        if isinstance(command, click.Group) and not word.startswith("-") and word.islower():
            inner = command.get_command(click.Context(command), word)
            if inner is None:
                return f"{named}: there is no `{word}`"
            command = inner
        elif word.startswith("--"):
            known = {name for it in command.params for name in (*it.opts, *it.secondary_opts)}
            if word not in known | {"--help"}:
                return f"{named}: there is no `{word}`"
    return None


def test_every_link_of_a_page_leads_somewhere() -> None:
    for page in PAGES:
        for path, anchor in links_of(page):
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), (page.name, path)
            if anchor:
                assert anchor in anchors_of(target), (page.name, path, anchor)
