"""Passwords as argon2id keeps them."""

import threading
from dataclasses import replace

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY

from authz_server.sealing.passwords import AT_ONCE, Argon2Passwords
from tests.support.passwords import A_PASSWORD, PASSWORDS


def test_a_password_is_known_again_and_another_is_not() -> None:
    hashed = PASSWORDS.hash(A_PASSWORD)
    assert PASSWORDS.verify(hashed, A_PASSWORD)
    for other in ("", A_PASSWORD[:-1], A_PASSWORD.upper(), f"{A_PASSWORD}\0"):
        assert not PASSWORDS.verify(hashed, other)


def test_the_same_password_is_kept_as_another_text_each_time() -> None:
    assert PASSWORDS.hash(A_PASSWORD) != PASSWORDS.hash(A_PASSWORD)


def test_production_follows_rfc_9106_with_little_memory() -> None:
    """Section 4, the second recommended option: 64 MiB, three passes, four lanes, 128 bits of salt, 256 of tag."""
    hashed = Argon2Passwords().hash(A_PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert (RFC_9106_LOW_MEMORY.salt_len, RFC_9106_LOW_MEMORY.hash_len) == (16, 32)
    assert Argon2Passwords().verify(hashed, A_PASSWORD)


def test_a_test_vector_is_verified() -> None:
    """Of the reference implementation's own: test.c, argon2id, 2 passes, 64 KiB, `password` and `somesalt`."""
    vector = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
    assert PASSWORDS.verify(vector, "password")
    assert not PASSWORDS.verify(vector, "Password")


@pytest.mark.parametrize(("one", "other"), [("é" * 12, "e\u0301" * 12), ("가" * 12, "\u1100\u1161" * 12)])
def test_a_letter_is_the_same_however_a_keyboard_writes_it(one: str, other: str) -> None:
    assert PASSWORDS.verify(PASSWORDS.hash(one), other)


@pytest.mark.parametrize("text", ["\ud800" * 12, "\0" * 12, "🙂" * 12, ""])
def test_any_text_is_a_password(text: str) -> None:
    assert PASSWORDS.verify(PASSWORDS.hash(text), text)


@pytest.mark.parametrize("hashed", ["", "-", "$2b$12$abcdefghijklmnopqrstuv", A_PASSWORD])
def test_what_was_not_made_here_belongs_to_no_password(hashed: str) -> None:
    assert not PASSWORDS.verify(hashed, A_PASSWORD)


def test_a_text_is_current_as_long_as_its_parameters_are() -> None:
    older = Argon2Passwords(replace(CHEAPEST, time_cost=2)).hash(A_PASSWORD)
    assert PASSWORDS.is_current(PASSWORDS.hash(A_PASSWORD))
    assert not PASSWORDS.is_current(older)
    assert PASSWORDS.verify(older, A_PASSWORD)


def test_only_so_many_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes much memory."""
    passwords = Argon2Passwords(CHEAPEST)
    inside, most, turn, all_in = 0, 0, threading.Lock(), threading.Event()

    def slow(*_: object) -> str:
        nonlocal inside, most
        with turn:
            inside += 1
            most = max(most, inside)
            if inside == AT_ONCE:
                all_in.set()
        assert all_in.wait(10)
        with turn:
            inside -= 1
        return "-"

    monkeypatch.setattr(PasswordHasher, "hash", slow)
    threads = [threading.Thread(target=passwords.hash, args=(A_PASSWORD,)) for _ in range(2 * AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == AT_ONCE
