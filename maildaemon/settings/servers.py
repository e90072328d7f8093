"""The options of IMAP and SMTP servers."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from maildaemon.settings.oauth2 import OAuth2Settings
from maildaemon.settings.options import (
    Duration,
    Elsewhere,
    FilePath,
    Flag,
    Host,
    Section,
    Text,
    Usual,
    Whole,
    WrongError,
    is_loopback,
    one_of,
)
from maildaemon.settings.secret import Password


class Security(StrEnum):
    """How a connection is protected."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class AnyServerSettings(Section):
    """What all servers have in common."""

    default_ports: ClassVar[dict[str, int]] = {}
    security_by_port: ClassVar[dict[str, Security]] = {}

    host: Host = Field(examples=["mail.example.com"], description="Name of the server.")
    port: Whole = Field(0, ge=1, le=65535)
    security: Annotated[Security, one_of(Security)] = Field(Security.TLS)
    username: Text | None = Field(None, examples=["support@example.com"])
    password: Password | None = Field(None, examples=[{"env": "SUPPORT_PASSWORD"}])
    ca_file: FilePath | None = Field(
        None,
        examples=["ca.pem"],
        description="Certificates to trust instead of the system's, for a server with a "
        "certificate of your own.",
    )
    allow_insecure: Flag = Field(
        False,
        description="Allow `security: none` to another machine. Password and mail can then be "
        "read on the way.",
    )

    @property
    def has_token(self) -> bool:
        """Tell whether a token is logged in with, and not a password."""
        return False

    @model_validator(mode="before")
    @classmethod
    def _port_and_security_tell_each_other(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        inferred = cls.security_by_port.get(str(given.get("port")), Security.TLS)
        security = str(given.get("security", inferred)).lower()
        port = cls.default_ports.get(security, cls.default_ports[Security.TLS])
        return {"security": security, "port": port, **given}

    @model_validator(mode="after")
    def _nothing_travels_in_the_clear(self) -> Self:
        if self.security is not Security.NONE or self.allow_insecure or is_loopback(self.host):
            return self
        raise WrongError(
            "without encryption everybody on the way can read the password and the mail; use "
            "`tls` or `starttls` (or add `allow_insecure: yes`, if there is no other way)",
            "security",
        )


class ServerSettings(AnyServerSettings):
    """What the servers of a mailbox have in common."""

    oauth2: Annotated[OAuth2Settings | None, Elsewhere()] = Field(
        None,
        examples=[
            {
                "provider": "other",
                "client_id": "maildaemon",
                "device_url": "https://id.example.com/device",
                "token_url": "https://id.example.com/token",
                "scope": "openid offline_access",
            }
        ],
        description="A token in place of the password; the options are those of "
        "`mailboxes[].imap.oauth2`.",
    )

    @property
    def has_token(self) -> bool:
        """Tell whether a token is logged in with, and not a password."""
        return self.oauth2 is not None


class ImapSettings(ServerSettings):
    """Where mail is read."""

    default_ports: ClassVar[dict[str, int]] = {
        Security.TLS: 993,
        Security.STARTTLS: 143,
        Security.NONE: 143,
    }
    security_by_port: ClassVar[dict[str, Security]] = {"143": Security.STARTTLS}

    port: Whole = Field(
        993, ge=1, le=65535, description="993, or 143 with `security: starttls` or `none`."
    )
    security: Annotated[Security, one_of(Security)] = Field(
        Security.TLS,
        description="`tls` from the first byte; `starttls`, which is taken if the port is 143; "
        "`none` only on this very machine.",
    )
    username: Text = Field(
        examples=["support@example.com"], description="Who logs in, often the address."
    )
    password: Annotated[Password | None, Usual()] = Field(
        None,
        examples=[{"env": "SUPPORT_PASSWORD"}],
        description="Must be given unless `oauth2` is. Where the password is: `{env: VARIABLE}`, "
        "`{file: PATH}` (its first line), or `{command: [program, argument]}` (the first line it "
        "prints). It is fetched when connecting; `run` begins only if the variable is set, while a "
        "file or a command that gives none yet is asked again. The password itself works here too, "
        "with a warning.",
    )
    oauth2: OAuth2Settings | None = Field(
        None,
        examples=[
            {
                "provider": "microsoft",
                "client_id": "0f3c4c5e",
                "client_secret": {"env": "OAUTH_SECRET"},
                "tenant": "example.com",
            }
        ],
        description="A token in place of the password, which is not used then. `maildaemon auth` "
        "signs in, the daemon renews it. With each provider: docs/providers.md.",
    )
    inbox: Text = Field("INBOX", description="The folder in which mail arrives.")
    sent: Text | None = Field(
        None,
        examples=["Sent"],
        description="The folder of sent mail, in which the answers of people are seen. If it is "
        "not given, it is found by what the server says, then by the usual names.",
    )
    junk: Text | None = Field(
        None, examples=["Junk"], description="The folder of spam; found like `sent`."
    )
    drafts: Text | None = Field(
        None, examples=["Drafts"], description="The folder of drafts; found like `sent`."
    )
    folders: tuple[Text, ...] = Field(
        (), examples=[["Orders", "Returns"]], description="More folders to watch, like the inbox."
    )
    idle: Duration = Field(
        timedelta(minutes=9),
        ge=timedelta(seconds=30),
        le=timedelta(minutes=29),
        description="How long one IDLE lasts before it is renewed. Some servers go silent long "
        "before the 29 minutes of the standard.",
    )
    poll_every: Duration = Field(
        timedelta(seconds=5),
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="How often to look into every folder. IDLE tells only of the inbox, and only "
        "where the server has it; a message that somebody moves on sooner than this may not be "
        "seen. While IDLE works, nothing has happened in the mailbox for a minute and nothing is "
        "to be sent, a look once a minute is enough.",
    )

    @model_validator(mode="after")
    def _there_is_one_way_to_log_in(self) -> Self:
        if self.password is None and not self.has_token:
            raise WrongError(
                "`password` is missing; add for example `password: {env: SUPPORT_PASSWORD}`, or "
                "`oauth2`",
                "password",
            )
        return self


class SendingSettings(AnyServerSettings):
    """How mail is sent, by whatever account."""

    default_ports: ClassVar[dict[str, int]] = {
        Security.TLS: 465,
        Security.STARTTLS: 587,
        Security.NONE: 25,
    }
    security_by_port: ClassVar[dict[str, Security]] = {
        "587": Security.STARTTLS,
        "25": Security.STARTTLS,
    }

    port: Whole = Field(
        465, ge=1, le=65535, description="465, or 587 with `starttls`, or 25 with `none`."
    )
    security: Annotated[Security, one_of(Security)] = Field(
        Security.TLS,
        description="`tls` from the first byte; `starttls`, which is taken if the port is 587 or "
        "25; `none` only on this very machine.",
    )
    username: Annotated[Text | None, Usual()] = Field(
        None,
        examples=["support@example.com"],
        description="Who logs in. Left out, there is no login: for a mail server of your own.",
    )
    password: Annotated[Password | None, Usual()] = Field(
        None,
        examples=[{"env": "SUPPORT_PASSWORD"}],
        description="Where the password is, as for IMAP.",
    )

    @model_validator(mode="after")
    def _a_login_has_two_halves(self) -> Self:
        if self.username is None and self.has_token:
            raise WrongError("`oauth2` needs a `username` beside it", "oauth2")
        if self.username is not None and self.password is None and not self.has_token:
            raise WrongError("`username` needs a `password` beside it", "username")
        if self.password is not None and self.username is None:
            raise WrongError("`password` needs a `username` beside it", "password")
        return self


class SmtpSettings(SendingSettings, ServerSettings):
    """How a mailbox sends."""
