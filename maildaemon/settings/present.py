"""Whether every variable with a password is there, asked before anything begins."""

from collections.abc import Collection, Iterator

from maildaemon.errors import SecretError, SecretsMissingError
from maildaemon.settings.models import Settings
from maildaemon.settings.secret import Secret, Source


def require_variables(settings: Settings, servers: Collection[str]) -> None:
    """Return if the passwords can be had that the environment holds for these `servers` (`imap`,
    `smtp`) of all mailboxes and for alarms; raise SecretsMissingError with each that cannot.

    No variable comes into a process that runs. What a file or a command gives may come up later
    than we do, and is asked for whenever it is needed.
    """
    errors = []
    # IMAP and SMTP mostly share one, which is named once.
    for secret in dict.fromkeys(_secrets(settings, servers)):
        try:
            if secret.source is Source.ENV:
                secret.resolve()
        except SecretError as error:
            errors.append(error)
    if errors:
        raise SecretsMissingError(tuple(errors))


def _secrets(settings: Settings, servers: Collection[str]) -> Iterator[Secret]:
    named = (it for mailbox in settings.mailboxes for it in mailbox.servers)
    used = (server for name, server in named if name in servers)
    logins = (one.oauth2.client_secret if one.oauth2 else one.password for one in used)
    alerts = settings.alerts
    others = alerts.webhook, alerts.smtp.password if alerts.smtp else None
    yield from (secret for secret in (*logins, *others) if secret is not None)
