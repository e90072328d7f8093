"""A person's leave to use a mailbox by OAuth2: how long it holds, when to renew its token, and what
a refusal means.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

_AHEAD = timedelta(minutes=5)
# A server that does not say how long a token holds (RFC 6749 §5.1) means about this.
_USUAL_LIFE = timedelta(hours=1)
_TELL_BEFORE = timedelta(days=3)
# Two answers about one end differ by the time they took: of neighbours nothing is learnt.
_NEIGHBOURS = timedelta(minutes=1)
# What providers call the seconds that the refresh token has left; no standard names it.
_SECONDS_LEFT = ("refresh_token_expires_in", "refresh_expires_in")


@dataclass(frozen=True, slots=True)
class Application:
    """Who we are to an identity server, and where it is asked. One of `device_url` and
    `authorize_url` is given. `ends_unused` is after which time the provider forgets a grant that is
    not used, None if it does not say.
    """

    provider: str
    client_id: str
    token_url: str
    scope: str
    device_url: str | None = None
    authorize_url: str | None = None
    ends_unused: timedelta | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a server takes in place of a password until it ends; renewed from `due_at`."""

    value: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime

    @property
    def due_at(self) -> datetime:
        """Return from when on a newer one is to be asked for: before this one ends."""
        return self.expires_at - min(_AHEAD, (self.expires_at - self.issued_at) / 3)


@dataclass(frozen=True, slots=True)
class Grant:
    """What is kept of a sign-in. `grant_id` stays the same until somebody signs in again.

    `ends_at` is when it ends without another sign-in, as far as the provider tells; each use puts
    that off, unless it is `ends_for_good`.
    """

    grant_id: str
    client_id: str
    token_url: str
    username: str
    granted_at: datetime
    refresh_token: str = field(repr=False)
    access: AccessToken
    ends_at: datetime | None = None
    ends_for_good: bool = False

    def is_for(self, application: Application, username: str) -> bool:
        """Tell whether it was given to this application, for this account."""
        ours = (application.client_id, application.token_url, username)
        return ours == (self.client_id, self.token_url, self.username)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The answer of an identity server (RFC 6749 §5.1), as far as it can be used. Of what is None
    it said nothing.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    lives: timedelta = _USUAL_LIFE
    refresh_lives: timedelta | None = None


class Refusal(StrEnum):
    """What an answer without a token means: somebody must sign in again, somebody must correct the
    application, or it passes.
    """

    SIGN_IN = "sign_in"
    APPLICATION = "application"
    PASSES = "passes"


def read_tokens(answer: Mapping[str, object]) -> Tokens | None:
    """Return the tokens in an answer; None if there is none that we could use."""
    access, refresh = answer.get("access_token"), answer.get("refresh_token")
    kind = str(answer.get("token_type", "bearer")).lower()
    if not isinstance(access, str) or not _is_safe(access) or kind != "bearer":
        return None
    left = next((span for name in _SECONDS_LEFT if (span := _seconds(answer.get(name)))), None)
    return Tokens(
        access,
        refresh if isinstance(refresh, str) and refresh else None,
        _seconds(answer.get("expires_in")) or _USUAL_LIFE,
        left,
    )


def _is_safe(token: str) -> bool:
    # RFC 6750 §2.1: visible letters of ASCII; anything else would be a command of its own.
    return token != "" and all("!" <= letter <= "~" for letter in token)


def _seconds(value: object) -> timedelta | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:12])
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**10:
        return None
    return timedelta(seconds=value)


def what_is_refused(status: int, error: str) -> Refusal:
    """Return what it means that an identity server gives no token (RFC 6749 §5.2)."""
    match error:
        case "invalid_grant" | "interaction_required" | "consent_required" | "login_required":
            return Refusal.SIGN_IN
        # RFC 6749 §4.1.2.1, RFC 8628 §3.5.
        case "temporarily_unavailable" | "server_error" | "slow_down":
            return Refusal.PASSES
        # What stands between us and the server, a gateway say, knows none of its codes.
        case _ if error and 400 <= status < 500 and status != 429:  # noqa: PLR2004
            return Refusal.APPLICATION
        case _:
            return Refusal.PASSES


def granted(
    application: Application, username: str, grant_id: str, tokens: Tokens, now: datetime
) -> Grant | None:
    """Return what is kept of a new sign-in; None if it would end with its first token."""
    if tokens.refresh_token is None:
        return None
    return Grant(
        grant_id,
        application.client_id,
        application.token_url,
        username,
        now,
        tokens.refresh_token,
        AccessToken(tokens.access_token, now, now + tokens.lives),
        _end(application, tokens, now),
    )


def renewed(grant: Grant, application: Application, tokens: Tokens, now: datetime) -> Grant:
    """Return the grant with newer tokens. An end that this does not put off is one for good."""
    ends_at = _end(application, tokens, now)
    told = tokens.refresh_lives is not None
    if not told and grant.ends_for_good:
        ends_at, for_good = grant.ends_at, True
    else:
        before = grant.ends_at
        waited = now - grant.access.issued_at
        put_off = before is None or ends_at is None or ends_at - before > waited / 2
        for_good = told and waited > _NEIGHBOURS and not put_off
    return replace(
        grant,
        # RFC 6749 §6: where no new one comes with it, the old one goes on.
        refresh_token=tokens.refresh_token or grant.refresh_token,
        access=AccessToken(tokens.access_token, now, now + tokens.lives),
        ends_at=ends_at,
        ends_for_good=for_good,
    )


def _end(application: Application, tokens: Tokens, now: datetime) -> datetime | None:
    lives = tokens.refresh_lives or application.ends_unused
    return now + lives if lives else None


def is_to_be_told(grant: Grant, now: datetime) -> bool:
    """Tell whether somebody should sign in again soon: the end is near, and no use puts it off."""
    return grant.ends_for_good and grant.ends_at is not None and grant.ends_at - now < _TELL_BEFORE
