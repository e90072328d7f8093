"""The options of a login by token, and what is known of the providers."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from maildaemon.domain.grants import Application
from maildaemon.settings.options import (
    Kind,
    Section,
    Text,
    WrongError,
    is_loopback,
    one_of,
    read_text,
)
from maildaemon.settings.secret import Password

_MICROSOFT = "https://login.microsoftonline.com"
# Both protocols at once, and leave to work while nobody is there.
_MICROSOFT_SCOPE = (
    "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send "
    "offline_access"
)
# What the providers forget if it is not used for so long.
_MICROSOFT_KEEPS = timedelta(days=90)
_GOOGLE_KEEPS = timedelta(days=180)


class Provider(StrEnum):
    """Who hands out tokens."""

    GOOGLE = "google"
    MICROSOFT = "microsoft"
    OTHER = "other"


def _read_server(value: object) -> str:
    address = read_text(value)
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), 0
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not parts.hostname or port == 0 or parts.fragment or not re.fullmatch(r"[!-~]+", address):
        raise ValueError(f"`{address}` is no web address; write `https://id.example.com/token`")
    if not safe:
        raise ValueError("secrets go there: write `https://` (`http://` on this very machine only)")
    return address


_ServerAddress = Annotated[str, BeforeValidator(_read_server), Kind("web address")]


class OAuth2Settings(Section):
    """A token of the provider in place of the password. `maildaemon auth` signs in; from then on
    the daemon renews the token by itself. With each provider: docs/providers.md.
    """

    provider: Annotated[Provider, one_of(Provider)] = Field(
        examples=["microsoft"],
        description="Who hands out the tokens. For `other`, such as an identity server of your "
        "own, say where it is: `device_url`, `token_url`, `scope`.",
    )
    client_id: Text = Field(
        examples=["0f3c4c5e"], description="The application as it is registered there."
    )
    client_secret: Password | None = Field(
        None,
        examples=[{"env": "OAUTH_SECRET"}],
        description="Its secret, if it has one; Google gives one to every application.",
    )
    tenant: Text | None = Field(
        None,
        examples=["example.com"],
        description="The organisation, with Microsoft: its domain or its id; for an account that "
        "belongs to none, `consumers`.",
    )
    device_url: _ServerAddress | None = Field(
        None,
        examples=["https://id.example.com/device"],
        description="With `other`: where a login by code begins (RFC 8628).",
    )
    token_url: _ServerAddress | None = Field(
        None,
        examples=["https://id.example.com/token"],
        description="With `other`: where tokens are handed out.",
    )
    scope: Text | None = Field(
        None,
        examples=["openid offline_access"],
        description="With `other`: what is asked for, separated by spaces.",
    )

    @model_validator(mode="after")
    def _each_provider_has_its_own_options(self) -> Self:
        if self.tenant is not None and self.provider is not Provider.MICROSOFT:
            raise WrongError("only Microsoft has a `tenant`", "tenant")
        if self.tenant is not None and not re.fullmatch(r"[A-Za-z0-9.-]+", self.tenant):
            raise WrongError(f"`{self.tenant}` is neither a domain nor an id", "tenant")
        for name in ("device_url", "token_url", "scope"):
            given = getattr(self, name) is not None
            if given and self.provider is not Provider.OTHER:
                raise WrongError(f"`{name}` is known of `{self.provider}`; take it out", name)
            if not given and self.provider is Provider.OTHER:
                raise WrongError(f"with `provider: other`, `{name}` must be given", "provider")
        return self

    @property
    def application(self) -> Application:
        """Return who we are to the identity server, and where it is."""
        match self.provider:
            case Provider.GOOGLE:
                # Google's login by code gives no leave for mail: a browser has to come back to us.
                return Application(
                    provider="google",
                    client_id=self.client_id,
                    token_url="https://oauth2.googleapis.com/token",  # noqa: S106  no password
                    scope="https://mail.google.com/",
                    authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
                    ends_unused=_GOOGLE_KEEPS,
                )
            case Provider.MICROSOFT:
                base = f"{_MICROSOFT}/{self.tenant or 'common'}/oauth2/v2.0"
                return Application(
                    provider="microsoft",
                    client_id=self.client_id,
                    token_url=f"{base}/token",
                    scope=_MICROSOFT_SCOPE,
                    device_url=f"{base}/devicecode",
                    ends_unused=_MICROSOFT_KEEPS,
                )
            case Provider.OTHER:
                return Application(
                    provider="other",
                    client_id=self.client_id,
                    token_url=self.token_url or "",
                    scope=self.scope or "",
                    device_url=self.device_url,
                )
