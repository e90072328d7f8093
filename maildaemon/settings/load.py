"""Reads the configuration file: everything that is wrong is found at once."""

from pathlib import Path

from pydantic import ValidationError

from maildaemon.errors import ConfigError, Problem
from maildaemon.settings.assumptions import warn_of_assumed_hours
from maildaemon.settings.consistency import check_consistency
from maildaemon.settings.database import has_password
from maildaemon.settings.document import Document, Loc, read_document
from maildaemon.settings.include import add_included
from maildaemon.settings.models import Settings
from maildaemon.settings.reading import read_text_file
from maildaemon.settings.secret import Source
from maildaemon.settings.wording import report


def load_settings(path: Path) -> Settings:
    """Return the settings in a file; raise ConfigError with every problem in it.

    No secret is fetched, nothing is created, no server is asked.
    """
    return read_settings(read_text_file(path), path)


def read_settings(text: str, path: Path) -> Settings:
    """Return the settings in a text that stands, or could stand, in the file `path`."""
    document = read_document(text, str(path))
    add_included(document, path)
    settings = _validated(document, path.absolute().parent) if document.readable else None
    if document.problems or settings is None:
        raise ConfigError(_in_order(document))
    settings._warnings = _warnings(settings, document)  # noqa: SLF001 - private to the package
    return settings


def line_of(path: Path, loc: Loc) -> str:
    """Return where an option stands in the file itself, as `file:line`; if it is not written, what
    should hold it. ConfigError if the file cannot be read any more.
    """
    place = read_document(read_text_file(path), str(path)).nearest_key(loc)
    return f"{path}:{place.line}"


def _validated(document: Document, folder: Path) -> Settings | None:
    check_consistency(document, folder)
    try:
        return Settings.model_validate(document.root, context={"folder": folder})
    except ValidationError as error:
        report(error, document)
        return None


def _in_order(document: Document) -> tuple[Problem, ...]:
    files = [document.file, *document.files]

    def place(problem: Problem) -> tuple[int, int, int]:
        return files.index(problem.file), problem.line, problem.column

    return tuple(sorted(document.problems, key=place))


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
            secret = server.oauth2.client_secret if server.oauth2 else None
            if secret is not None and secret.source is Source.INLINE:
                advice = "a secret stands in this file; write `{env: NAME}` or `{file: PATH}`"
                document.complain((*loc, "oauth2", "client_secret"), advice)
            if server.allow_insecure:
                advice = "password and mail may travel unencrypted; prefer `security: tls`"
                document.complain((*loc, "allow_insecure"), advice)
    warn_of_assumed_hours(settings, document)
    return _in_order(document)
