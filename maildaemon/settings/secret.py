"""Passwords: where to get one is configured, the value is fetched only when connecting."""

import os
import re
import shlex
import stat
import subprocess
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema

from maildaemon.errors import SecretError
from maildaemon.settings.document import Block
from maildaemon.settings.options import (
    Kind,
    WrongError,
    base_folder,
    found,
    path_from,
    read_text,
    suggestion,
)

_COMMAND_TIMEOUT = 30.0  # seconds; a password manager may ask an agent, but never a person
_LONGEST_COMPLAINT = 200


class Source(StrEnum):
    """The four places a secret may come from."""

    ENV = "env"
    FILE = "file"
    COMMAND = "command"
    INLINE = "inline"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A password that has not been fetched yet; printing it shows only where it comes from.

    `value` is the variable, the path, the command and its arguments, or the password itself.
    `where` names the option in the configuration; `folder` is where a command runs.
    """

    source: Source
    value: tuple[str, ...]
    where: str = field(default="", compare=False)
    folder: Path = field(default=Path(), compare=False)

    def __repr__(self) -> str:
        """Return where the secret comes from, never the secret."""
        hidden = "********" if self.source is Source.INLINE else " ".join(self.value)
        return f"Secret({self.source}: {hidden})"

    def resolve(self) -> str:
        """Return the password; raise SecretError if it cannot be had now."""
        match self.source:
            case Source.ENV:
                secret = self._from_environment()
            case Source.FILE:
                secret = self._from_file()
            case Source.COMMAND:
                secret = self._from_command()
            case Source.INLINE:
                secret = self.value[0]
        # CR or LF would end the LOGIN command early, NUL the string.
        if not secret or re.search(r"[\r\n\0]", secret):
            raise self._error("the password is empty or holds a line break", "look at its source")
        return secret

    def _from_environment(self) -> str:
        (name,) = self.value
        secret = os.environ.get(name)
        if secret is None:
            raise self._error(
                f"the environment variable {name} is not set",
                f"in a terminal: {ask_for_variable(name)}, then type it; for a service: a line "
                f"{name}=… in the file that its unit names (EnvironmentFile)",
            )
        return secret

    def _from_file(self) -> str:
        path = Path(self.value[0])
        try:
            with path.open(encoding="utf-8-sig") as file:
                mode = os.fstat(file.fileno()).st_mode
                first = file.readline()
        except FileNotFoundError as error:
            raise self._error(
                f"there is no password file {path}",
                f"as the user that runs the daemon: {ask_for_file(str(path))}, then type it, Enter "
                "and Ctrl-D",
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise self._error(
                f"the password file {path} cannot be read: {reason}",
                "it must be readable by the user that runs the daemon",
            ) from error
        if mode & stat.S_IROTH:
            raise self._error(
                f"the password file {path} can be read by everybody", f"run: chmod o-rwx {path}"
            )
        return first.rstrip("\r\n")

    def _from_command(self) -> str:
        program = self.value[0]
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
                self.value,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_COMMAND_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise self._error(
                f"the password command {program} took longer than {_COMMAND_TIMEOUT:.0f} seconds",
                "it must answer without asking a person",
            ) from error
        except OSError as error:
            raise self._error(
                f"the password command {program} cannot be run: {error.strerror}",
                "name the program by its full path",
            ) from error
        if done.returncode != 0:
            complaint = done.stderr.decode(errors="replace").strip()[:_LONGEST_COMPLAINT]
            raise self._error(
                f"the password command {program} ended with status {done.returncode}",
                complaint or "run it as the user that runs the daemon",
            )
        return done.stdout.decode(errors="replace").partition("\n")[0].rstrip("\r")

    def _error(self, what: str, advice: str) -> SecretError:
        return SecretError(what, where=self.where, advice=advice)


def ask_for_variable(name: str) -> str:
    """Return the command with which a person types a password into a variable of the shell."""
    return f"read -rs {name} && export {name}"


def ask_for_file(path: str) -> str:
    """Return the command with which a person types a password into a file, ended by Ctrl-D."""
    return f"install -m 600 /dev/stdin {shlex.quote(path)}"


def _read_secret(value: object, info: ValidationInfo) -> Secret:
    match value:
        case Secret():
            return value
        case str() if re.fullmatch(r"\$\{\w+\}", value):
            raise ValueError(f"variables are not filled in; write `{{env: {value[2:-1]}}}`")
        case str() if value:
            return Secret(Source.INLINE, (value,))
        case Block():
            source = _source(value)
            words = _words(source, value[source], info)
            return Secret(source, words, value.where, base_folder(info))
        case _:
            raise ValueError(f"expected `{{env: NAME}}`, found {found(value)}")


def _words(source: Source, given: object, info: ValidationInfo) -> tuple[str, ...]:
    if source is Source.COMMAND:
        if not isinstance(given, list) or not given:
            raise WrongError("write the command as a list: [pass, show, support]", source)
        return tuple(read_text(word) for word in given)
    text = read_text(given)
    if source is Source.FILE:
        return (str(path_from(text, info)),)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise WrongError("write the bare name of the variable, without `$`", source)
    return (text,)


def _source(value: Block) -> Source:
    known = [Source.ENV, Source.FILE, Source.COMMAND]
    for key in value:
        if key not in known:
            raise WrongError(f"unknown source `{key}`" + suggestion(key, [*known]), key)
    if len(value) != 1:
        raise ValueError("give exactly one of `env`, `file` and `command`")
    return Source(next(iter(value)))


def _write_secret(secret: Secret) -> object:
    """Return what may be shown."""
    match secret.source:
        case Source.INLINE:
            return "********"
        case Source.COMMAND:
            return {"command": list(secret.value)}
        case _:
            return {str(secret.source): secret.value[0]}


_SCHEMA = {
    "anyOf": [
        {"type": "string"},
        *(
            {
                "type": "object",
                "properties": {source: shape},
                "required": [source],
                "additionalProperties": False,
            }
            for source, shape in (
                ("env", {"type": "string"}),
                ("file", {"type": "string"}),
                ("command", {"type": "array", "items": {"type": "string"}}),
            )
        ),
    ]
}

Password = Annotated[
    Secret,
    PlainValidator(_read_secret),
    PlainSerializer(_write_secret),
    WithJsonSchema(_SCHEMA),
    Kind("secret"),
]
