"""How each server is logged in to: by password, or by the token of a sign-in."""

import hmac
from collections.abc import Callable

from maildaemon.adapters.clock import utc_now
from maildaemon.adapters.identity import IdentityServer
from maildaemon.adapters.tokens import Bearer, SignIn
from maildaemon.settings import MailboxSettings, ServerSettings, Settings


def make_sign_in(
    settings: Settings, mailbox: MailboxSettings, server: ServerSettings
) -> SignIn | None:
    """Return how a server's token is come by; None if it takes a password. IMAP and SMTP share one
    sign-in where account and application are the same.
    """
    if server.oauth2 is None:
        return None
    shared = (server.oauth2, server.username) == (mailbox.imap.oauth2, mailbox.imap.username)
    name = f"{mailbox.name}.json" if shared else f"{mailbox.name}.smtp.json"
    secret = server.oauth2.client_secret
    return SignIn(
        settings.service.data_dir / "sign-in" / name,
        IdentityServer(server.oauth2.application, secret.resolve if secret else None, mailbox.name),
        server.username or "",
        mailbox.name,
        utc_now,
    )


def make_sign_ins(settings: Settings, mailbox: MailboxSettings) -> tuple[SignIn, ...]:
    """Return the sign-ins that a mailbox needs: none, one, or one for each of its servers."""
    each = [make_sign_in(settings, mailbox, server) for _, server in mailbox.servers]
    return tuple({one.path: one for one in each if one}.values())


def make_bearer(
    settings: Settings, mailbox: MailboxSettings, server: ServerSettings
) -> Bearer | None:
    """Return the tokens of one connection to a server; None if it takes a password."""
    sign_in = make_sign_in(settings, mailbox, server)
    return Bearer(sign_in, utc_now) if sign_in else None


def credential_of(
    settings: Settings, mailbox: MailboxSettings, server: ServerSettings, key: bytes
) -> Callable[[], str]:
    """Return a function that hashes what we log in with: it changes when the password does, or
    when somebody signs in again; not with every token.
    """
    sign_in = make_sign_in(settings, mailbox, server)

    def credential() -> str:
        if sign_in is not None:
            # The same for IMAP and SMTP, if they share it: it ends for both at once.
            words: tuple[str, ...] = sign_in.credential()
        else:
            secret = server.password.resolve() if server.password else ""
            words = (server.host, str(server.port), server.username or "", secret)
        return hmac.digest(key, "\0".join(words).encode(), "sha256").hex()

    return credential
