"""The command line: parses arguments, prints, exits; decides nothing.

Nothing heavy is imported here, nor at the top of a command's module: `maildaemon --help` must
answer at once.
"""

import difflib
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
from maildaemon.cli.invocation import Invocation

# A command is called like its module, which is imported when it is asked for.
_COMMANDS = (
    *("init", "auth", "check", "run", "status", "explain", "simulate"),
    *("threads", "messages", "outbox", "attachments", "parked", "person"),
    *("report", "backfill", "audit", "rebuild", "resume", "db", "config", "demo"),
)
_MODULES = {"demo": "demonstration"}


class _Commands(click.Group):
    """Loads a command's module when it is needed, and knows what a mistyped one was meant to be."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"maildaemon.cli.{_MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and name not in _COMMANDS:
            near = difflib.get_close_matches(name, _COMMANDS, 1)
            hint = f"did you mean `{near[0]}`?" if near else "`maildaemon --help` lists them all"
            raise click.UsageError(f"there is no command `{name}`; {hint}", ctx)
        return super().resolve_command(ctx, args)


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
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
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
