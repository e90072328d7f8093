"""How a command ends: exit codes after sysexits, and one readable message for each trouble."""

import errno
import os
import pwd
import sys
import traceback
from enum import IntEnum

import click

from maildaemon.errors import (
    AlreadyRunningError,
    ConfigError,
    MailboxRefusedError,
    MailboxUnavailableError,
    OperatorError,
    SecretsMissingError,
    TemporaryError,
    TransportRefusedError,
    TransportUnavailableError,
)


class WrongRequestError(click.ClickException):
    """What was asked for does not exist or cannot be done; nothing has changed."""

    def __init__(self, message: str, advice: str = "") -> None:
        """Keep what to do beside the message."""
        super().__init__(message)
        self.advice = advice


class Exit(IntEnum):
    """The codes of sysexits.h that we use."""

    OK = 0
    USAGE = 64
    DATA = 65
    NO_INPUT = 66
    UNAVAILABLE = 69
    SOFTWARE = 70
    TEMPORARY = 75
    CONFIG = 78


def exit_for(error: Exception) -> Exit:
    """Return the code with which a command ends that met this error."""
    match error:
        case click.ClickException():
            return Exit.USAGE
        case (
            MailboxUnavailableError()
            | MailboxRefusedError()
            | TransportUnavailableError()
            | TransportRefusedError()
        ):
            return Exit.UNAVAILABLE
        case AlreadyRunningError() | TemporaryError() | OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return Exit.TEMPORARY
        case OperatorError() | PermissionError(filename=str()):
            return Exit.CONFIG
        case _:
            return Exit.SOFTWARE


def complain(error: Exception, about: str = "") -> None:
    """Say on standard error what went wrong, where, and what to do; `about`: with which mailbox."""
    from maildaemon.cli.output import note, wrapped

    for line in _sentences(error):
        mailbox = f"error: {about}: " if about else "error: "
        said = mailbox + line.removeprefix("error: ") if line.startswith("error: ") else line
        # What has lines of its own, a traceback or a help, is laid out already.
        note(said if "\n" in said else wrapped(said, 4, sys.stderr))


def _sentences(error: Exception) -> list[str]:
    match error:
        case click.exceptions.NoArgsIsHelpError():
            return [error.format_message()]
        case click.UsageError():
            return _usage(error)
        case WrongRequestError(advice=advice):
            return _with_advice(error.format_message(), advice)
        case click.ClickException():
            return [f"error: {error.format_message()}"]
        case ConfigError(problems=problems):
            many = f"{len(problems)} problems" if len(problems) > 1 else "a problem"
            return [f"error: the configuration has {many}:", *(f"  {one}" for one in problems)]
        case SecretsMissingError(errors=errors):
            return [line for one in errors for line in _sentences(one)]
        case OperatorError(what=what, where=where, advice=advice):
            return _with_advice(f"{where}: {what}" if where else what, advice)
        # The data folder is its owner's alone; whoever looks from outside made no mistake of ours.
        case PermissionError(filename=str() as path):
            return _with_advice(
                f"{path}: permission denied for the user {user_name()}",
                "run the command as the user that runs the daemon, or as root",
            )
        case TemporaryError() | OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return _with_advice(str(error), "try again later: this may pass by itself")
        case _:
            trace = "".join(traceback.format_exception(error)).rstrip()
            return [trace, "error: this is a mistake in maildaemon itself; please report the above"]


def user_name() -> str:
    """Return who runs this: also the one who has become root by sudo."""
    if given := os.environ.get("SUDO_USER"):
        return given
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _with_advice(message: str, advice: str) -> list[str]:
    return [f"error: {message}", *([f"  what to do: {advice}"] if advice else [])]


def _usage(error: click.UsageError) -> list[str]:
    advice = f"see: {error.ctx.command_path} --help" if error.ctx else ""
    if isinstance(error, click.NoSuchOption) and error.option_name == "--config":
        advice = "`--config` stands before the command: maildaemon --config FILE run"
    return _with_advice(_in_our_words(error.format_message()), advice)


def _in_our_words(message: str) -> str:
    """Return what click says as our own errors are told: no sentence with a full stop."""
    message = message.rstrip(".")
    return message if message[:2].isupper() else message[:1].lower() + message[1:]
