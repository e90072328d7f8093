"""Every option once: type, default, limits, explanation; and the strict reader of the file."""

from maildaemon.settings.changes import changed_options
from maildaemon.settings.load import line_of, load_settings, read_settings
from maildaemon.settings.models import (
    DatabaseSettings,
    LogAddresses,
    LogFormat,
    LogLevel,
    MailboxSettings,
    ServiceSettings,
    Settings,
)
from maildaemon.settings.modes import Modes
from maildaemon.settings.pages import (
    example,
    fingerprint,
    json_schema,
    minimal,
    password_variable,
    reference,
    show,
)
from maildaemon.settings.policies import AttachmentSettings, LanguageSettings, LimitSettings
from maildaemon.settings.present import require_variables
from maildaemon.settings.secret import Secret, Source, ask_for_file, ask_for_variable
from maildaemon.settings.servers import (
    ImapSettings,
    Security,
    SendingSettings,
    ServerSettings,
    SmtpSettings,
)

__all__ = [
    "AttachmentSettings",
    "DatabaseSettings",
    "ImapSettings",
    "LanguageSettings",
    "LimitSettings",
    "LogAddresses",
    "LogFormat",
    "LogLevel",
    "MailboxSettings",
    "Modes",
    "Secret",
    "Security",
    "SendingSettings",
    "ServerSettings",
    "ServiceSettings",
    "Settings",
    "SmtpSettings",
    "Source",
    "ask_for_file",
    "ask_for_variable",
    "changed_options",
    "example",
    "fingerprint",
    "json_schema",
    "line_of",
    "load_settings",
    "minimal",
    "password_variable",
    "read_settings",
    "reference",
    "require_variables",
    "show",
]
