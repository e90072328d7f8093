"""Speaks OAuth2 (RFC 6749) with an identity server, for a program without a browser."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from maildaemon.adapters.web import WebAnswer, post_form
from maildaemon.domain.grants import Application, Refusal, Tokens, read_tokens, what_is_refused
from maildaemon.errors import (
    IdentityUnavailableError,
    OperatorError,
    SignInRefusedError,
)

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
# RFC 8628 §3.2, §3.5: what is meant where the server does not say.
_INTERVAL = 5.0
_SLOWER = 5.0
_SHORTEST = 0.05
_LONGEST_LIFE = 1800.0
_MAX_WORDS = 200


@dataclass(frozen=True, slots=True)
class DeviceLogin:
    """What a person is told to sign in elsewhere; `expires_in` is seconds from now."""

    user_code: str
    address: str
    complete_address: str | None
    expires_in: float
    interval: float
    device_code: str = field(repr=False)


class IdentityServer:
    """The identity server of one application. `secret` is asked whenever something is posted."""

    def __init__(
        self, application: Application, secret: Callable[[], str] | None, login: str
    ) -> None:
        """Nothing is asked yet. `login` is how the sign-in is named to `maildaemon auth`."""
        self.application = application
        self._secret = secret
        self._advice = f"sign in again: maildaemon auth {login}"
        self.where = urlsplit(application.token_url).netloc

    def secret(self) -> str:
        """Return the secret of the application, empty if it has none; it may raise SecretError."""
        return self._secret() if self._secret else ""

    def begin_device_login(self) -> DeviceLogin:
        """Ask for the code that a person types elsewhere (RFC 8628 §3.1)."""
        url = self.application.device_url
        assert url is not None  # noqa: S101  whoever calls has looked
        answer = self._post(url, {"scope": self.application.scope})
        found = self._json(answer)
        device, user = found.get("device_code"), found.get("user_code")
        # Before the standard was out, Google called it so.
        address = found.get("verification_uri") or found.get("verification_url")
        if not (isinstance(device, str) and isinstance(user, str) and isinstance(address, str)):
            raise self._no_tokens(answer)
        complete = found.get("verification_uri_complete")
        return DeviceLogin(
            user,
            address,
            complete if isinstance(complete, str) else None,
            min(_number(found.get("expires_in"), _LONGEST_LIFE), _LONGEST_LIFE),
            _number(found.get("interval"), _INTERVAL),
            device,
        )

    def wait_for_device(self, login: DeviceLogin, wait: Callable[[float], object]) -> Tokens:
        """Return the tokens when the person has signed in (RFC 8628 §3.4); OperatorError if she
        would not, or the code has expired. `wait` lets so many seconds pass.
        """
        end, interval = time.monotonic() + login.expires_in, max(login.interval, _SHORTEST)
        while time.monotonic() < end:
            wait(interval)
            try:
                answer = self._post(
                    self.application.token_url,
                    {"grant_type": _DEVICE_GRANT, "device_code": login.device_code},
                )
            except IdentityUnavailableError:
                # RFC 8628 §3.5: after a time-out it is asked more seldom.
                interval *= 2
                continue
            if tokens := self._tokens(answer):
                return tokens
            match self._json(answer).get("error"):
                case "authorization_pending":
                    continue
                case "slow_down":
                    interval += _SLOWER
                case "access_denied":
                    raise OperatorError("the sign-in was declined", where=self.where)
                case "expired_token":
                    break
                case _:
                    refusal = self._no_tokens(answer)
                    if not isinstance(refusal, IdentityUnavailableError):
                        raise refusal
                    interval *= 2
        raise OperatorError(
            "nobody signed in before the code expired", where=self.where, advice="begin again"
        )

    def exchange(self, code: str, verifier: str, redirect: str) -> Tokens:
        """Return the tokens for the code that the browser brought back (RFC 6749 §4.1.3)."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        # RFC 7636 §4.5: so nobody who has seen the code alone can use it.
        return self._ask({**form, "code_verifier": verifier})

    def refresh(self, refresh_token: str) -> Tokens:
        """Return newer tokens (RFC 6749 §6).

        Raises IdentityUnavailableError, IdentityRefusedError, and SignInRefusedError if only a
        person can help.
        """
        return self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def _ask(self, form: Mapping[str, str]) -> Tokens:
        answer = self._post(self.application.token_url, form)
        if tokens := self._tokens(answer):
            return tokens
        raise self._no_tokens(answer)

    def _post(self, url: str, form: Mapping[str, str]) -> WebAnswer:
        ours = {"client_id": self.application.client_id}
        if secret := self.secret():
            ours["client_secret"] = secret
        return post_form(url, {**ours, **form})

    def _tokens(self, answer: WebAnswer) -> Tokens | None:
        return read_tokens(self._json(answer)) if answer.status == 200 else None  # noqa: PLR2004

    def _json(self, answer: WebAnswer) -> Mapping[str, object]:
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _no_tokens(self, answer: WebAnswer) -> OperatorError | IdentityUnavailableError:
        """Return what it means that there is no token in an answer."""
        found = self._json(answer)
        code = found.get("error")
        error = code if isinstance(code, str) else ""
        words = ": ".join(_legible(one) for one in (error, found.get("error_description")) if one)
        match what_is_refused(answer.status, error):
            case Refusal.SIGN_IN:
                return SignInRefusedError(
                    f"the sign-in is no longer valid ({words})",
                    where=self.where,
                    advice=self._advice,
                )
            case Refusal.APPLICATION:
                return SignInRefusedError(
                    f"the identity server refuses the application ({words})",
                    where=self.where,
                    advice="look at `oauth2` (client_id, client_secret, tenant) and at how the "
                    "application is registered there",
                )
            case Refusal.PASSES:
                said = words or f"nothing that could be used, with status {answer.status}"
                return IdentityUnavailableError(f"{self.where}: no token is given now: {said}")


def _number(value: object, otherwise: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**6:
        return otherwise
    return float(value)


def _legible(words: object) -> str:
    """Return the server's first line; Microsoft's others hold only the number of the request."""
    line = str(words).strip().partition("\n")[0].partition(" Trace ID:")[0]
    return "".join(letter if letter.isprintable() else " " for letter in line)[:_MAX_WORDS].strip()
