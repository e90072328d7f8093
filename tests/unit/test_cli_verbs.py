"""Whoever types a command wrongly, or looks for it in the wrong place, is told which was meant."""

import pytest

from maildaemon.cli import main
from maildaemon.cli.exits import Exit


def told(capsys: pytest.CaptureFixture[str], words: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(words.split())
    assert end.value.code == Exit.USAGE
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "no_such", "meant"),
    [
        ("stauts", "stauts", "status"),
        ("threads lst", "threads lst", "threads list"),
        ("transcript K7F3-Q2", "transcript", "threads transcript"),
        ("transcipt K7F3-Q2", "transcipt", "threads transcript"),
        ("messages list", "messages list", "threads list"),
        ("outbox backfill", "outbox backfill", "backfill"),
        ("db bakcup x.db", "db bakcup", "db backup"),
    ],
)
def test_the_command_that_was_meant_is_named_with_its_help(
    capsys: pytest.CaptureFixture[str], typed: str, no_such: str, meant: str
) -> None:
    assert told(capsys, typed) == (
        f"error: there is no command `{no_such}`; did you mean `{meant}`?\n"
        f"  what to do: see: maildaemon {meant} --help\n"
    )


@pytest.mark.parametrize(("typed", "asked"), [("xyzzy", ""), ("threads xyzzy", "threads ")])
def test_where_nobody_can_tell_what_was_meant_the_list_of_commands_is_named(
    capsys: pytest.CaptureFixture[str], typed: str, asked: str
) -> None:
    assert told(capsys, typed) == (
        f"error: there is no command `{typed}`\n  what to do: see: maildaemon {asked}--help\n"
    )


@pytest.mark.parametrize(
    ("typed", "error", "advice"),
    [
        ("threads show", "missing argument 'REFERENCE'", "see: maildaemon threads show --help"),
        ("status --limit 3", "no such option '--limit'", "see: maildaemon status --help"),
        (
            "run --config x.yaml",
            "no such option '--config'",
            "`--config` stands before the command: maildaemon --config FILE run",
        ),
    ],
)
def test_what_is_wrong_beside_the_command_is_told_in_the_same_words(
    capsys: pytest.CaptureFixture[str], typed: str, error: str, advice: str
) -> None:
    assert told(capsys, typed) == f"error: {error}\n  what to do: {advice}\n"
