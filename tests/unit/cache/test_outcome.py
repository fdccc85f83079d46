"""What is told of an exception that Redis caused."""

import pytest
import redis

from authz_server.cache.outcome import described, words_of

ECHO = "unknown command 'AUTH', with args beginning with: 'hunter2' "


@pytest.mark.parametrize("echo", [ECHO, ECHO.replace(",", ""), f"{ECHO}\n{ECHO}"])
def test_arguments_that_redis_quotes_are_left_out_since_those_of_auth_are_the_password(echo: str) -> None:
    error = redis.ResponseError(echo)
    assert words_of(error) == "unknown command 'AUTH'"
    assert described(error) == "ResponseError: unknown command 'AUTH'"


def test_what_a_hostile_server_sends_is_one_short_line_of_ascii() -> None:
    said = described(redis.ResponseError("\n\x1b[31mé" + "x" * 1_000))
    assert said.startswith(r"ResponseError: \n\x1b[31m\xe9x")
    assert len(said) < 300
