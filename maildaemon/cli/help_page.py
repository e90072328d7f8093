"""How help is laid out: as wide as the terminal and eighty columns at most, nothing torn."""

from collections.abc import Iterable

import click

_WIDEST, _NARROWEST, _MARGIN = 80, 24, 2
_TWO_COLUMNS = 50


class HelpPage(click.HelpFormatter):
    """Unlike click's own one it fits terminals of less than fifty columns."""

    def __init__(
        self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None
    ) -> None:
        """`width`: of the terminal if it is not given."""
        import shutil

        wide = min(shutil.get_terminal_size().columns, _WIDEST) - _MARGIN
        super().__init__(indent_increment, width or max(wide, _NARROWEST), max_width)

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write names and what they mean: beside each other, or below where there is no room."""
        if self.width >= _TWO_COLUMNS:
            super().write_dl(list(rows), col_max, col_spacing)
            return
        for name, meaning in rows:
            self.write(f"{' ' * self.current_indent}{name}\n")
            self.write(f"{' ' * (self.current_indent + 4)}{meaning}\n")

    def getvalue(self) -> str:
        """Return the page; lines that are too wide are broken between words."""
        lines = super().getvalue().splitlines()
        return "".join(f"{one}\n" for line in lines for one in self._fitting(line))

    def _fitting(self, line: str) -> list[str]:
        if len(line) <= self.width + _MARGIN:
            return [line]
        import textwrap

        indent = " " * (len(line) - len(line.lstrip()))
        # What follows an example, or a command, stands further in.
        further = "    " if line.lstrip().startswith("maildaemon ") else ""
        return textwrap.wrap(
            line,
            self.width + _MARGIN,
            subsequent_indent=indent + further,
            break_long_words=False,
            break_on_hyphens=False,
        )
