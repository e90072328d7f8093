"""What can go wrong, sorted by who has to act.

An expected result is a value. An exception means "I could not find out", and says whether
waiting helps: `TemporaryError` waits, `OperatorError` is loud, anything else is a bug.
"""

from dataclasses import dataclass
from datetime import timedelta


class MaildaemonError(Exception):
    """Base of everything raised on purpose. `retry_in`: for how long whatever failed is left alone,
    None if whoever tries it again decides.
    """

    retry_in: timedelta | None = None


class TemporaryError(MaildaemonError):
    """The world is in the way; the loop waits and tries again."""


class MailboxUnavailableError(TemporaryError):
    """The IMAP server cannot be reached, broke off, or is too slow."""


class TransportUnavailableError(TemporaryError):
    """The SMTP server cannot be reached, broke off before the final dot, or asked us to wait."""


class StoreUnavailableError(TemporaryError):
    """The database is locked, restarting or unreachable."""


class LeaseLostError(StoreUnavailableError):
    """Another daemon works on the mailbox by now, or may: nothing of the transaction remains."""


class StaleClaimError(TemporaryError):
    """Somebody else finished or cancelled the row meanwhile; nothing was changed."""


class ParserUnavailableError(TemporaryError):
    """The parse worker could not be started or died without having been given a message."""


class ScannerUnavailableError(TemporaryError):
    """The virus scanner cannot be asked: nobody answers, in time or in words that make sense."""


class FileUnscannableError(TemporaryError):
    """The virus scanner answers, but will not look at this file: it is too large for it, say."""


class IdentityUnavailableError(TemporaryError):
    """The identity server cannot be asked for a token: nobody answers, or nothing that helps."""


class AlertFailedError(TemporaryError):
    """The operator's command did not take an alarm."""


class OperatorError(MaildaemonError):
    """A person must change something: what is wrong, where, and what to do."""

    def __init__(self, what: str, *, where: str = "", advice: str = "") -> None:
        """Keep the three parts; `str()` joins them into one line for the log."""
        self.what = what
        self.where = where
        self.advice = advice
        super().__init__(
            (f"{where}: " if where else "") + what + (f" ({advice})" if advice else "")
        )


class MailboxRefusedError(OperatorError):
    """The IMAP server refused us for good: TLS not trusted, folder unknown."""


class NoSuchFolderError(MailboxRefusedError):
    """The IMAP server has no folder of that name (any more)."""


class UntrustedError(OperatorError):
    """A server's certificate is not trusted; `by_file`: it would be, if a file of certificates that
    vouches for it were named.
    """

    def __init__(self, what: str, *, where: str, advice: str, by_file: bool) -> None:
        """Keep it beside the three parts."""
        self.by_file = by_file
        super().__init__(what, where=where, advice=advice)


class MailboxUntrustedError(UntrustedError, MailboxRefusedError):
    """The IMAP server's certificate is not trusted."""


class MailboxPasswordRefusedError(MailboxRefusedError):
    """The IMAP server refused the credentials; trying on would lock the account."""


class TransportRefusedError(OperatorError):
    """The SMTP server refused the session: TLS not trusted, no STARTTLS."""


class TransportUntrustedError(UntrustedError, TransportRefusedError):
    """The SMTP server's certificate is not trusted."""


class TransportPasswordRefusedError(TransportRefusedError):
    """The SMTP server refused the credentials; trying on would lock the account."""


class IdentityRefusedError(OperatorError):
    """The identity server cannot be used as it is: TLS not trusted, say."""


class SignInRefusedError(IdentityRefusedError):
    """The identity server gives us no token: a person must sign in again, or correct `oauth2`."""


class SchemaError(OperatorError):
    """The database schema is not the one this version needs."""


class SecretError(OperatorError):
    """A secret named in the configuration cannot be read now."""


class SecretsMissingError(SecretError):
    """Some secrets named in the configuration cannot be had; `errors` holds what is to be said of
    each.
    """

    def __init__(self, errors: tuple[SecretError, ...]) -> None:
        """Keep all of them; the message lists them one a line."""
        self.errors = errors
        super().__init__("\n".join(str(error) for error in errors))


class AlreadyRunningError(OperatorError):
    """Another `run` process holds the data directory."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration file; `line` and `column` count from 1, and are 0 where it is
    the file itself that cannot be used.
    """

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        """Return `file:line:column: path: message`, which editors can jump to."""
        path = f"{self.path}: " if self.path else ""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        told = f"{place}: {path}{self.message}"
        # It may quote what stands there: several lines, or letters that nobody sees.
        line = " ".join(told.splitlines())
        return "".join(
            one if one.isprintable() else one.encode("unicode_escape").decode() for one in line
        )


class ConfigError(OperatorError):
    """The configuration cannot be used; `problems` holds every mistake found, in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep all problems; the message lists them one a line."""
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
