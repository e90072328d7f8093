"""Where the records are: the address of a database."""

from typing import Annotated
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import BeforeValidator, PlainSerializer, ValidationInfo

from maildaemon.settings.options import Kind, path_from, read_text

SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgresql+psycopg://")
# Everybody writes MariaDB's with the name of its ancestor.
_MARIADB = ("mariadb://", "mariadb+pymysql://", "mysql://", "mysql+pymysql://")
_SERVERS = (*_POSTGRESQL, *_MARIADB)
_SECRETS = frozenset({"password", "passwd"})


def has_password(url: str) -> bool:
    """Tell whether a password stands in the address."""
    parts = urlsplit(url if url.startswith(_SERVERS) else "")
    return parts.password is not None or not _SECRETS.isdisjoint(parse_qs(parts.query))


def _read_url(value: object, info: ValidationInfo) -> str:
    url = read_text(value)
    scheme = url.partition(":")[0]
    if url.startswith(_POSTGRESQL):
        return _server(url, "PostgreSQL as `postgresql")
    if url.startswith(_MARIADB):
        return _server(url, "MariaDB as `mariadb")
    if scheme.startswith("postgres"):
        raise ValueError("write PostgreSQL as `postgresql://USER@HOST/DATABASE`")
    if scheme.startswith(("mariadb", "mysql")):
        raise ValueError("write MariaDB as `mariadb://USER@HOST/DATABASE`")
    path = url.removeprefix(SQLITE)
    if path in (url, "", ":memory:") or "?" in path:
        raise ValueError(
            "expected the path of a file: `sqlite:///var/maildaemon.db`, or a server: "
            "`postgresql://USER@HOST/DATABASE`, `mariadb://USER@HOST/DATABASE`"
        )
    return SQLITE + str(path_from(path, info))


def _server(url: str, example: str) -> str:
    try:
        parts = urlsplit(url)
        named = len(parts.path) > 1 and "/" not in parts.path[1:] and (parts.port or 1) > 0
    except ValueError:
        named = False
    if not named or any(ord(c) <= ord(" ") for c in url):
        # The whole is not repeated here: a password may stand in it.
        raise ValueError(f"write {example}://USER@HOST:PORT/DATABASE`")
    return url


def _write_url(url: str) -> str:
    if not has_password(url):
        return url
    parts = urlsplit(url)
    login, _, server = parts.netloc.rpartition("@")
    user = f"{login.partition(':')[0]}@" if login else ""
    query = {name: words for name, words in parse_qs(parts.query).items() if name not in _SECRETS}
    return parts._replace(netloc=user + server, query=urlencode(query, doseq=True)).geturl()


DatabaseAddress = Annotated[
    str, BeforeValidator(_read_url), PlainSerializer(_write_url), Kind("database address")
]
