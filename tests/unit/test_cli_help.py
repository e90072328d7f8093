"""Help teaches: every command says what it is for and how it is typed."""

from collections.abc import Iterator

import click
import pytest

from maildaemon.cli import program


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


def test_everything_that_lists_can_speak_json() -> None:
    listing = {
        *("status", "check", "explain", "threads list", "threads show", "messages show"),
        *("outbox list", "outbox show", "attachments list", "parked list"),
    }

    for name in listing:
        options = [option for one in COMMANDS[f"maildaemon {name}"].params for option in one.opts]
        assert "--json" in options, name
