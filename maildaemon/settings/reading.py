"""Reads the text of a configuration file."""

from pathlib import Path

from maildaemon.errors import ConfigError, Problem


def read_text_file(path: Path) -> str:
    """Return the text of a file; raise ConfigError with the one problem if it is none."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        message = "there is no such file; `maildaemon init` writes one to begin with"
    except IsADirectoryError:
        message = "this is a folder; name the file in it"
    except OSError as error:
        message = f"cannot be read: {error.strerror}; it must be readable by this user"
    except UnicodeDecodeError as error:
        line, column = _place_of_byte(error.object, error.start)
        message = "this is not UTF-8 text; save the file as UTF-8"
        raise ConfigError((Problem(str(path), line, column, "", message),)) from error
    raise ConfigError((Problem(str(path), 0, 0, "", message),))


def _place_of_byte(content: bytes, at: int) -> tuple[int, int]:
    before = content[:at]
    return before.count(b"\n") + 1, at - before.rfind(b"\n")
