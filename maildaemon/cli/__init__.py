"""The command line: parses arguments, prints, exits; decides nothing.

Nothing heavy is imported here, nor at the top of a command's module: `maildaemon --help` must
answer at once.
"""

import atexit
import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from maildaemon import __version__
from maildaemon.cli.exits import Exit, complain, exit_for
from maildaemon.cli.help_page import HelpPage
from maildaemon.cli.invocation import COMPLETION, Invocation
from maildaemon.cli.verbs import Verbs

# A command is called like its module, which is imported when it is asked for: not to list them. A
# test compares.
_COMMANDS = {
    "init": "Write a configuration for one mailbox.",
    "auth": "Sign in to a mailbox that takes no password (OAuth2).",
    "check": "Check beforehand that it will run: files, folders, servers.",
    "run": "Watch the mailboxes, record what arrives, and answer.",
    "status": "Show how each mailbox is doing, and what needs a person.",
    "explain": "Show what would become of a message, and why.",
    "simulate": "Show what would have happened to the mail of a month.",
    "threads": "Look at conversations, and say what is to become of them.",
    "messages": "Look at recorded mails.",
    "outbox": "Look at the mails we send; try, cancel or release them.",
    "attachments": "Look at files that were held or refused, and take them out.",
    "parked": "Look at mails that could not be processed; try them again.",
    "person": "Answer who asks what is kept of him, or to be forgotten.",
    "report": "Write a page about the last months: how fast, how reliably.",
    "backfill": "Record the mails of earlier days, without answering any.",
    "audit": "Hold the mailbox against the records, message by message.",
    "rebuild": "Make the records anew, when the database is lost or damaged.",
    "resume": "Let automatic mail flow again after a brake has stopped it.",
    "db": "Back up, check and upgrade the database.",
    "config": "Show options: all that exist, or those in force.",
    "completion": "Have the Tab key complete what is typed in a shell.",
    "demo": "Show the daemon at work, on throw-away mail servers.",
}
_MODULES = {"demo": "demonstration"}
# So many objects a command makes before Python looks for what may go. To look at what has been
# loaded, again and again while it grows and once more at the end, took a fifth of a short command.
_BETWEEN_LOOKS = 50_000


# For every command, those of groups included.
click.Context.formatter_class = HelpPage


class _Commands(Verbs):
    """Loads a command's module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from maildaemon.cli.demo import missing

        # Whoever was told of it would only learn that it cannot be run.
        return [name for name in _COMMANDS if name != "demo" or not missing()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"maildaemon.cli.{_MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name]) for name in self.list_commands(ctx)])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Every command explains itself: maildaemon explain --help",
)
@click.option(
    "--config",
    "path",
    # Whether it can be read is said by who reads it: that is no mistake in typing.
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="The configuration file. Without it: $MAILDAEMON_CONFIG, then ./maildaemon.yaml, then "
    "/etc/maildaemon/maildaemon.yaml.",
)
@click.version_option(__version__, prog_name="maildaemon", message="%(prog)s %(version)s")
@click.pass_context
def program(context: click.Context, path: Path | None) -> None:
    """Answers a plain support mailbox: records, matches, judges, acknowledges, and explains.

    A new installation begins with `maildaemon init`, then `check`, then `run`; it sends nothing
    until the configuration says `mode: live`.
    """
    context.obj = Invocation(path)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command, and end the process with its exit code (sysexits)."""
    for stream in (sys.stdout, sys.stderr):
        # A letter that the terminal does not have is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    gc.set_threshold(_BETWEEN_LOOKS)
    atexit.register(gc.freeze)
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        if asked := os.environ.get(COMPLETION):
            from maildaemon.cli.completion import complete

            return complete(program, asked)
        given = list(sys.argv[1:] if arguments is None else arguments)
        # Not `program.main`: that one ends the process itself when a pipe is closed.
        with program.make_context("maildaemon", given) as context:
            code = program.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # Whoever read us has had enough (`| head`); Python must not complain when it closes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except click.ClickException as error:
        complain(error)
        return exit_for(error)
    except Exception as error:  # noqa: BLE001  the last place: whatever it is becomes an exit code
        complain(error)
        return exit_for(error)
    return int(code or 0)
