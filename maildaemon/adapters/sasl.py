"""How an access token is shown to a mail server."""

from collections.abc import Collection
from dataclasses import dataclass, field

# XOAUTH2 is what Google and Microsoft document. The standard (RFC 7628) is for everybody else.
_MECHANISMS = ("XOAUTH2", "OAUTHBEARER")


@dataclass(frozen=True, slots=True)
class Show:
    """The words of one login: what is said first, and what if the server tells why it refuses."""

    mechanism: str
    first: str = field(repr=False)
    then: str


def mechanism_among(offered: Collection[str]) -> str | None:
    """Return the mechanism to use of those offered (in capitals); None if we know none of them.

    One, never a second with the same token: each try counts towards a locked account.
    """
    return next((name for name in _MECHANISMS if name in offered), None)


def show_token(mechanism: str, username: str, token: str, host: str, port: int) -> Show:
    """Return the words for a mechanism of `mechanism_among`."""
    if mechanism == "XOAUTH2":
        return Show(mechanism, f"user={username}\1auth=Bearer {token}\1\1", "")
    # RFC 7628 §3.1: the account stands where equals sign and comma mean something.
    account = username.replace("=", "=3D").replace(",", "=2C")
    words = f"n,a={account},\1host={host}\1port={port}\1auth=Bearer {token}\1\1"
    # RFC 7628 §3.2.3: the server says no only after a word that says nothing.
    return Show(mechanism, words, "\1")
