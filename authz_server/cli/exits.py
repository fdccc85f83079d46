"""How a command ends. `authz-server` and everything under it keeps to these codes."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell sees."""

    DONE = 0
    REFUSED = 1  # refused, or the input is invalid
    USAGE = 2  # the command line or the settings are wrong
    UNREACHABLE = 3  # Redis, a database or an API
    INTERRUPTED = 130
