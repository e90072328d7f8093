"""What is known of the large providers: their servers, and what they take for a password."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownProvider:
    """Servers as `host:port`, as `init` takes them; `login` says what somebody must get there
    first, and `how` where. `exchanges`: at hosts below these mail for their customers arrives,
    whatever its domain. `by_token`: no password is taken at all.
    """

    name: str
    imap: str
    smtp: str
    login: str
    how: str
    domains: frozenset[str]
    exchanges: tuple[str, ...]
    by_token: bool = False


_APP_PASSWORD = "takes no password of yours, but one made for this program: an app password"  # noqa: S105

PROVIDERS = (
    KnownProvider(
        "google",
        "imap.gmail.com",
        "smtp.gmail.com",
        f"Google {_APP_PASSWORD} (the account must have 2-Step Verification), or OAuth2",
        "in the account under Security, 2-Step Verification, App passwords",
        frozenset({"gmail.com", "googlemail.com"}),
        ("google.com", "googlemail.com"),
    ),
    KnownProvider(
        "microsoft",
        "outlook.office365.com",
        "smtp.office365.com:587",
        "Microsoft takes no password, but OAuth2: sign in by `maildaemon auth`",
        "in the Entra admin center under App registrations: its Application (client) ID",
        frozenset({"outlook.com", "hotmail.com", "live.com", "msn.com"}),
        ("mail.protection.outlook.com", "mx.microsoft", "olc.protection.outlook.com"),
        by_token=True,
    ),
    KnownProvider(
        "fastmail",
        "imap.fastmail.com",
        "smtp.fastmail.com",
        f"Fastmail {_APP_PASSWORD}",
        "under Settings, Privacy & Security, App passwords",
        frozenset({"fastmail.com", "fastmail.fm"}),
        ("messagingengine.com",),
    ),
    KnownProvider(
        "icloud",
        "imap.mail.me.com",
        "smtp.mail.me.com:587",
        f"iCloud {_APP_PASSWORD}",
        "at appleid.apple.com under App-Specific Passwords",
        frozenset({"icloud.com", "me.com", "mac.com"}),
        ("mail.icloud.com",),
    ),
    KnownProvider(
        "yahoo",
        "imap.mail.yahoo.com",
        "smtp.mail.yahoo.com",
        f"Yahoo {_APP_PASSWORD}",
        "under Account security, App passwords",
        frozenset({"yahoo.com"}),
        ("yahoodns.net",),
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


def provider_of_exchange(host: str) -> KnownProvider | None:
    """Return the provider at whose host (of an MX record) a domain's mail arrives."""
    name = f".{host.rstrip('.').lower()}"
    return next(
        (one for one in PROVIDERS if any(name.endswith(f".{it}") for it in one.exchanges)), None
    )
