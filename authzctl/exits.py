"""How a command ends: the codes that every program of this project keeps to."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell sees."""

    DONE = 0
    REFUSED = 1  # refused, or the input is invalid
    USAGE = 2  # the command line or the settings are wrong
    UNREACHABLE = 3  # the API cannot be reached, or fails
    INTERRUPTED = 130
