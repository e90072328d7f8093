"""What is known of the large providers: their servers, and what they take for a password."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownProvider:
    """Servers as `host:port`, as `init` takes them; `login` says what somebody must get there
    first. `by_token`: no password is taken at all.
    """

    name: str
    imap: str
    smtp: str
    login: str
    domains: frozenset[str]
    by_token: bool = False


_APP_PASSWORD = "takes no password of yours, but one made for this program: an app password"  # noqa: S105

PROVIDERS = (
    KnownProvider(
        "google",
        "imap.gmail.com",
        "smtp.gmail.com",
        f"Google {_APP_PASSWORD} (the account must have 2-Step Verification), or OAuth2",
        frozenset({"gmail.com", "googlemail.com"}),
    ),
    KnownProvider(
        "microsoft",
        "outlook.office365.com",
        "smtp.office365.com:587",
        "Microsoft takes no password, but OAuth2: sign in by `maildaemon auth`",
        frozenset({"outlook.com", "hotmail.com", "live.com", "msn.com"}),
        by_token=True,
    ),
    KnownProvider(
        "fastmail",
        "imap.fastmail.com",
        "smtp.fastmail.com",
        f"Fastmail {_APP_PASSWORD}",
        frozenset({"fastmail.com", "fastmail.fm"}),
    ),
    KnownProvider(
        "icloud",
        "imap.mail.me.com",
        "smtp.mail.me.com:587",
        f"iCloud {_APP_PASSWORD}",
        frozenset({"icloud.com", "me.com", "mac.com"}),
    ),
    KnownProvider(
        "yahoo",
        "imap.mail.yahoo.com",
        "smtp.mail.yahoo.com",
        f"Yahoo {_APP_PASSWORD}",
        frozenset({"yahoo.com"}),
    ),
)


def provider_of(address: str, name: str | None = None) -> KnownProvider | None:
    """Return the provider of this name, else the one whose domain the address has; None if it is
    none of them: most shops have a domain of their own.
    """
    domain = address.rpartition("@")[2].lower()
    return next(
        (one for one in PROVIDERS if (one.name == name if name else domain in one.domains)), None
    )
