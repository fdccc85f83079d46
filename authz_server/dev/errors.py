"""How the laptop stack ends before its time."""


class StackError(Exception):
    """The stack cannot start or go on; the message says why, and what to do."""


class RedisUnreachable(StackError):
    """The Redis that AUTHZ_REDIS_URL names does not answer."""


class StopRequested(Exception):
    """Somebody asked the stack to end, which is no failure."""
