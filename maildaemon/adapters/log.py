"""One log line a step, for people or for machines, to standard error.

Lines of ours carry `facts`; those of libraries only their text, from WARNING on.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import IO, Any

import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


def set_up_log(*, json_lines: bool, level: str, stream: IO[str] | None = None) -> None:
    """Send all log lines of the process to a stream (standard error if None)."""
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(_Formatter(json_lines=json_lines, colors=target.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # imapclient's own DEBUG writes whole messages: no library goes below WARNING.
    root.setLevel(logging.WARNING)
    logging.getLogger("maildaemon").setLevel(_LEVELS.get(level, logging.ERROR))


class _Formatter(logging.Formatter):
    def __init__(self, *, json_lines: bool, colors: bool) -> None:
        super().__init__()
        self._json = json_lines
        self._console = structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=24)

    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", {})
        at = datetime.fromtimestamp(record.created, UTC)
        if self._json:
            return self._as_json(record, at, facts)
        line: dict[str, Any] = {
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "level": record.levelname.lower(),
            "event": clean(record.getMessage()),
            **{key: clean(str(value)) for key, value in facts.items()},
        }
        text = str(self._console(None, record.levelname.lower(), line))
        if record.exc_info:
            # An error may quote what a server or a stranger wrote: none of it begins a line.
            lines = self.formatException(record.exc_info).split("\n")
            text += "".join(f"\n  {clean(one)}" for one in lines)
        return text

    def _as_json(self, record: logging.LogRecord, at: datetime, facts: dict[str, object]) -> str:
        line: dict[str, object] = {
            "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **facts,
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        text = json.dumps(line, ensure_ascii=False, default=str)
        # JSON itself lets DEL, C1, line separators and directional characters stand.
        return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def clean(text: str) -> str:
    """Return the text without anything that could end the line or steer a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
