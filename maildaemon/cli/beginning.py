"""What a configuration begins with: what `init` was given, has found or was told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from maildaemon.settings import Settings
    from maildaemon.settings.providers import KnownProvider

_CLIENT_SECRET = "OAUTH_CLIENT_SECRET"  # noqa: S105  the name of a variable


@dataclass(frozen=True, slots=True)
class Beginning:
    """None, or empty, is what nobody has told yet. Servers are `host` or `host:port`; `…_ca` are
    files of certificates, as the configuration is to name them; those in `kept` a person has
    confirmed, and they are still to be put beside it. A `display_name` that is empty,
    but not None, is wanted so.
    """

    address: str | None = None
    imap_host: str | None = None
    smtp_host: str | None = None
    username: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    mailbox: str | None = None
    provider: str | None = None
    client_id: str | None = None
    tenant: str | None = None
    display_name: str | None = None
    imap_ca: str = ""
    smtp_ca: str = ""
    sent: str = ""
    templates: str = ""
    authserv_id: str = ""
    kept: frozenset[str] = frozenset()

    @property
    def domain(self) -> str:
        """Return what stands after the `@`, in lower case."""
        return (self.address or "").rpartition("@")[2].lower()

    @property
    def known(self) -> "KnownProvider | None":
        """Return the provider, if it is one that we know."""
        from maildaemon.settings.providers import provider_of

        return provider_of(self.address or "", self.provider)

    @property
    def oauth2(self) -> Mapping[str, object] | None:
        """Return how to log in by token, None for a password."""
        if self.client_id is None:
            return None
        provider = self.known.name if self.known else "microsoft"
        found: dict[str, object] = {"provider": provider, "client_id": self.client_id}
        if provider == "google":
            found["client_secret"] = {"env": _CLIENT_SECRET}
        elif tenant := self.tenant or ("consumers" if self.is_of_provider else None):
            found["tenant"] = tenant
        return found

    @property
    def is_of_provider(self) -> bool:
        """Tell whether the address is one of the provider's own, such as `me@gmail.com`."""
        return self.known is not None and self.domain in self.known.domains

    def trusting(self, service: str, ca_file: str, *, kept: bool = False) -> "Beginning":
        """Return it with this file of certificates for `imap` or `smtp`; empty: the system's."""
        files = self.kept | {ca_file} if kept else self.kept
        return replace(self, kept=files, **{f"{service}_ca": ca_file})

    def with_kept_beside(self, put: Callable[[Path], str]) -> "Beginning":
        """Return it with the names that what is kept has got; each file is put there once."""
        names = {file: put(Path(file)) for file in self.kept & {self.imap_ca, self.smtp_ca}}
        imap, smtp = (names.get(file, file) for file in (self.imap_ca, self.smtp_ca))
        return replace(self, kept=frozenset(), imap_ca=imap, smtp_ca=smtp)

    def written(self) -> str:
        """Return the text of the configuration."""
        from maildaemon.settings import minimal

        imap_host, imap_port = split_server("--imap-host", self.imap_host or "")
        smtp_host, smtp_port = split_server("--smtp-host", self.smtp_host or "")
        return minimal(
            self.address or "",
            imap_host,
            smtp_host,
            username=self.username or "",
            imap_port=imap_port,
            smtp_port=smtp_port,
            imap_ca=self.imap_ca,
            smtp_ca=self.smtp_ca,
            sent=self.sent,
            name=self.mailbox or "",
            display_name=self.display_name or "",
            templates=self.templates,
            authserv_id=self.authserv_id,
            login=self._login(),
        )

    def read(self, path: Path) -> "Settings":
        """Return the configuration as it would be read from there; ConfigError if it cannot be."""
        from maildaemon.settings import read_settings

        return read_settings(self.written(), path)

    def _login(self) -> Mapping[str, object] | None:
        if self.oauth2:
            return {"oauth2": self.oauth2}
        if self.password_file:
            return {"password": {"file": self.password_file}}
        return {"password": {"env": self.password_env}} if self.password_env else None


def variable_of(settings: "Settings") -> str:
    """Return the variable in which the secret of the first mailbox is; empty if it is in none."""
    imap = settings.mailboxes[0].imap
    secret = imap.oauth2.client_secret if imap.oauth2 else imap.password
    return "" if secret is None or secret.source == "file" else secret.value[0]


def split_server(flag: str, text: str) -> tuple[str, int | None]:
    """Return host and port of `host:port`, `[::1]:143` or a host alone."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        host, port = text.strip(), ""
    host = host.strip("[]")
    if not host or (port and not (port.isascii() and port.isdigit())):
        raise click.UsageError(f"{flag}: `{text}` is no server; write HOST or HOST:PORT")
    return host, int(port) if port else None
