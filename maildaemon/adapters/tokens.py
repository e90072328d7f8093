"""Access tokens for logging in: kept in the data folder, renewed before they end, by one at a time.

Threads, the daemon and commands share a file for each sign-in. Whoever finds that its token is due
renews it under a lock; the others take what he has written.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from maildaemon.adapters.identity import IdentityServer
from maildaemon.domain.grants import AccessToken, Application, Grant, Tokens, granted, renewed
from maildaemon.errors import (
    IdentityUnavailableError,
    OperatorError,
    SecretError,
    SignInRefusedError,
)
from maildaemon.ports import Now

# What an answer may take of the file, so that there is room for it before it is asked for.
_ROOM = 2**15
_RETRY = timedelta(minutes=1)


class SignIn:
    """One sign-in of this installation: who did, what came of it, and where it is kept."""

    def __init__(
        self, path: Path, identity: IdentityServer, username: str, login: str, now: Now
    ) -> None:
        """Nothing is read or asked yet. `login` is what `maildaemon auth` calls it."""
        self.path = path
        self.identity = identity
        self.username = username
        self._login = login
        self._now = now
        self._next_try_at: datetime | None = None

    @property
    def application(self) -> Application:
        """Return who we are to the identity server."""
        return self.identity.application

    def credential(self) -> tuple[str, ...]:
        """Return what a refusal is about: it changes when somebody signs in again, or corrects the
        application.
        """
        grant = self.grant()
        application = self.application
        ours = (application.client_id, application.token_url, self.username)
        return (*ours, self.identity.secret(), grant.grant_id if grant else "")

    def grant(self) -> Grant | None:
        """Return what is kept; None if nobody has signed in for this account and application."""
        try:
            text = self.path.read_text("utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._error(f"cannot be read: {_reason(error)}", _READABLE) from error
        found = _read_grant(text)
        return found if found and found.is_for(self.application, self.username) else None

    def keep(self, tokens: Tokens) -> Grant:
        """Keep a new sign-in, in place of the one before."""
        grant_id = secrets.token_hex(16)
        grant = granted(self.application, self.username, grant_id, tokens, self._now())
        if grant is None:
            raise OperatorError(
                "the sign-in holds for an hour only: no refresh token came with it",
                where=self.identity.where,
                advice="the application must be allowed to work while nobody is there "
                "(the scope is mostly called offline_access)",
            )
        try:
            with self._alone(), self._writing() as file:
                _put(file, grant)
        except OSError as error:
            raise self._error(f"cannot be written: {_reason(error)}", _READABLE) from error
        return grant

    def token(self, instead_of: AccessToken | None = None) -> AccessToken:
        """Return a token that holds for a while; not the one that a server has refused.

        Raises IdentityUnavailableError if there is none now, SignInRefusedError if there will be
        none before somebody signs in, SecretError if nobody ever has.
        """
        grant = self._required()
        if not self._is_due(grant, instead_of):
            return grant.access
        with self._alone():
            grant = self._required()
            if not self._is_due(grant, instead_of):
                return grant.access
            return self._renewed(grant, refused=instead_of)

    def _is_due(self, grant: Grant, refused: AccessToken | None) -> bool:
        now = self._now()
        if refused is not None and grant.access.value == refused.value:
            return True
        if now >= grant.access.expires_at:
            return True
        # By a clock that was ahead it may have been issued in the future.
        if now < grant.access.issued_at - _RETRY:
            return True
        waits = self._next_try_at is not None and now < self._next_try_at
        return now >= grant.access.due_at and not waits

    def _renewed(self, grant: Grant, refused: AccessToken | None) -> AccessToken:
        try:
            # The room first: a refresh token that came and could not be kept is lost for good.
            with self._writing() as file:
                tokens = self.identity.refresh(grant.refresh_token)
                grant = renewed(grant, self.application, tokens, self._now())
                _put(file, grant)
        except SignInRefusedError:
            raise
        except (IdentityUnavailableError, OperatorError, OSError) as error:
            self._next_try_at = self._now() + _RETRY
            if refused is None and self._now() < grant.access.expires_at:
                return grant.access
            if isinstance(error, OSError):
                raise IdentityUnavailableError(
                    f"{self.path}: cannot be written: {_reason(error)}"
                ) from error
            raise
        self._next_try_at = None
        return grant.access

    def _required(self) -> Grant:
        if grant := self.grant():
            return grant
        raise SecretError(
            f"nobody has signed in for {self.username} yet",
            where=self.identity.where,
            advice=f"run: maildaemon auth {self._login}",
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep every other thread and process away; held for no longer than an answer takes."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._error(f"cannot be written: {_reason(error)}", _READABLE) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _writing(self) -> Iterator[int]:
        """Give a file that takes the place of the old one at the end, whole or not at all."""
        temporary = self.path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, b" " * _ROOM)
            os.fsync(descriptor)
            yield descriptor
            os.fsync(descriptor)
            temporary.replace(self.path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        finally:
            os.close(descriptor)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _error(self, what: str, advice: str) -> SecretError:
        return SecretError(what, where=str(self.path), advice=advice)


class Bearer:
    """The tokens that one connection logs in with; used by one thread at a time."""

    def __init__(self, sign_in: SignIn, now: Now) -> None:
        """Nothing is asked yet."""
        self._sign_in = sign_in
        self._now = now
        self._renewed_in_vain = False
        self._holds_until: datetime | None = None

    def token(self) -> AccessToken:
        """Return the token to log in with; raises like `SignIn.token`."""
        return self._used(self._sign_in.token())

    def another(self, refused: AccessToken) -> AccessToken | None:
        """Return another token, in place of one that the server has refused; None if that did not
        help the last time: who is not let in must not knock twice each time.
        """
        if self._renewed_in_vain:
            return None
        self._renewed_in_vain = True
        return self._used(self._sign_in.token(instead_of=refused))

    def accepted(self) -> None:
        """Note that the server has let us in."""
        self._renewed_in_vain = False

    @property
    def lasts(self) -> float:
        """Return for how many seconds the connection needs no newer token."""
        if self._holds_until is None:
            return 0
        return max((self._holds_until - self._now()).total_seconds(), 0)

    def is_outlived(self) -> bool:
        """Tell whether the connection should log in anew: the token it began with ends soon, and
        there is a newer one. Without a newer one it goes on as long as the server lets it.
        """
        if self._holds_until is None or self.lasts:
            return False
        try:
            newer = self.token()
        except SignInRefusedError:
            return True
        except (IdentityUnavailableError, OperatorError):
            self._holds_until = self._now() + _RETRY
            return False
        return self._now() < newer.due_at

    def _used(self, token: AccessToken) -> AccessToken:
        # Where there is no newer one yet, it is looked for each minute.
        now = self._now()
        soon = now + min(_RETRY, (token.expires_at - now) / 2)
        self._holds_until = max(token.due_at, soon)
        return token


_READABLE = "it must belong to the user that runs the daemon"


def _put(descriptor: int, grant: Grant) -> None:
    text = json.dumps(asdict(grant), default=datetime.isoformat, indent=1) + "\n"
    os.pwrite(descriptor, text.encode("utf-8"), 0)
    os.ftruncate(descriptor, len(text.encode("utf-8")))


def _read_grant(text: str) -> Grant | None:
    """Return the grant in a file; None if it holds none."""
    try:
        found = json.loads(text)
        access = found.pop("access")
        ends_at = found.pop("ends_at")
        return Grant(
            **{**found, "granted_at": datetime.fromisoformat(found["granted_at"])},
            ends_at=datetime.fromisoformat(ends_at) if ends_at else None,
            access=AccessToken(
                access["value"],
                datetime.fromisoformat(access["issued_at"]),
                datetime.fromisoformat(access["expires_at"]),
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
