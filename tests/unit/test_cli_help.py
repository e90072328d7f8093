"""Help teaches: every command says what it is for and how it is typed."""

import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from maildaemon.cli import _COMMANDS, program


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from _commands(found, f"{name} {inner}")


COMMANDS = dict(_commands(program, "maildaemon"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    command = COMMANDS[name]
    text, foot = command.help or "", command.epilog or ""

    assert text.count(".") >= 2, "two sentences at least"
    assert "maildaemon" in foot
    if name != "maildaemon":
        assert len(command.get_short_help_str(200)) <= 62, "cut in the list of commands"
    assert all(len(line) <= 78 for line in foot.splitlines())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_explains_itself(name: str) -> None:
    options = [one for one in COMMANDS[name].params if isinstance(one, click.Option)]

    assert [one.name for one in options if not one.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_a_file_is_completed_as_one(name: str) -> None:
    named = {
        one.name: one.type
        for one in COMMANDS[name].params
        if re.search(r"\b(FILE|DIR|PATH)", one.metavar or "")
    }

    assert {one: kind for one, kind in named.items() if not isinstance(kind, click.Path)} == {}


# Everything else says what it has found or done as JSON Lines too.
SPEAKS_NO_JSON = {
    "maildaemon run": "its log does, with `service.log_format: json`",
    "maildaemon demo": "a show for people",
    "maildaemon completion": "what it prints is a script for a shell",
    "maildaemon config schema": "what it prints is JSON itself, for editors",
    "maildaemon config example": "what it prints is a configuration file",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_everything_that_reports_can_speak_json(name: str) -> None:
    if isinstance(COMMANDS[name], click.Group):
        return
    options = [option for one in COMMANDS[name].params for option in one.opts]

    assert ("--json" in options) is not (name in SPEAKS_NO_JSON), name


def test_the_list_of_commands_says_of_each_what_it_says_itself() -> None:
    said = {name: COMMANDS[f"maildaemon {name}"].get_short_help_str(200) for name in _COMMANDS}

    assert said == _COMMANDS


def test_help_and_version_load_nothing_that_they_do_not_need() -> None:
    for words in (["--help"], ["--version"], ["run", "--help"]):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "maildaemon", *words],
            capture_output=True,
            text=True,
            check=True,
        )
        loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert "maildaemon.cli" in loaded
        heavy = (
            "maildaemon.adapters",
            "maildaemon.domain",
            "maildaemon.services",
            "maildaemon.ports",
            "maildaemon.settings",
            "asyncio",
            "rich",
        )
        assert [name for name in loaded if name.startswith(heavy)] == []


def test_what_speaks_no_json_exists() -> None:
    assert SPEAKS_NO_JSON.keys() <= COMMANDS.keys()
