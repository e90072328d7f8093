"""Reads the configuration file: everything that is wrong is found at once."""

from pathlib import Path

from pydantic import ValidationError

from maildaemon.errors import ConfigError, Problem
from maildaemon.settings.consistency import check_consistency
from maildaemon.settings.database import has_password
from maildaemon.settings.document import Document, Loc, Place, read_document
from maildaemon.settings.models import Settings
from maildaemon.settings.secret import Source
from maildaemon.settings.wording import report


def load_settings(path: Path) -> Settings:
    """Return the settings in a file; raise ConfigError with every problem in it.

    No secret is fetched, nothing is created, no server is asked.
    """
    return read_settings(_read(path), path)


def read_settings(text: str, path: Path) -> Settings:
    """Return the settings in a text that stands, or could stand, in the file `path`."""
    document = read_document(text, str(path))
    settings = _validated(document, path.absolute().parent) if document.readable else None
    if document.problems or settings is None:
        raise ConfigError(_in_order(document.problems))
    settings._warnings = _warnings(settings, document)  # noqa: SLF001 - private to the package
    return settings


def _validated(document: Document, folder: Path) -> Settings | None:
    check_consistency(document)
    try:
        return Settings.model_validate(document.root, context={"folder": folder})
    except ValidationError as error:
        report(error, document)
        return None


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        message = "there is no such file; `maildaemon init` writes one to begin with"
    except IsADirectoryError:
        message = "this is a folder; name the file in it"
    except OSError as error:
        message = f"cannot be read: {error.strerror}; it must be readable by this user"
    except UnicodeDecodeError as error:
        place = _place_of_byte(error.object, error.start)
        message = "this is not UTF-8 text; save the file as UTF-8"
        raise ConfigError((Problem(str(path), place.line, place.column, "", message),)) from error
    raise ConfigError((Problem(str(path), 1, 1, "", message),))


def _place_of_byte(content: bytes, at: int) -> Place:
    before = content[:at]
    return Place(before.count(b"\n") + 1, at - before.rfind(b"\n"))


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))


def _warnings(settings: Settings, document: Document) -> tuple[Problem, ...]:
    """Return what works but should not stay so."""
    if has_password(settings.database.url):
        advice = "a password stands in this file; take it out and name a file with it: `PGPASSFILE`"
        document.complain(("database", "url"), advice)
    for index, mailbox in enumerate(settings.mailboxes):
        for name, server in mailbox.servers:
            loc: Loc = ("mailboxes", index, name)
            if server.password is not None and server.password.source is Source.INLINE:
                advice = "a password stands in this file; write `{env: NAME}` or `{file: PATH}`"
                document.complain((*loc, "password"), advice)
            if server.allow_insecure:
                advice = "password and mail may travel unencrypted; prefer `security: tls`"
                document.complain((*loc, "allow_insecure"), advice)
    return _in_order(document.problems)
