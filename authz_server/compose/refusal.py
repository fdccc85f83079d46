"""Why a process does not start."""

from __future__ import annotations


class CannotServe(Exception):
    """The start is refused. `is_setting` tells wrong settings from wrong records."""

    def __init__(self, *problems: str, is_setting: bool) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.is_setting = is_setting
