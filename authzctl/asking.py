"""What is asked before something that cannot be taken back."""

from __future__ import annotations

import getpass
import sys

import typer

from authzctl.failures import Misused, Refused


def line(question: str) -> str:
    """One line of standard input, without its end. Raises `Misused` where nobody answers."""
    typer.echo(question, nl=False, err=True)
    answer = sys.stdin.readline()
    if not is_terminal():
        typer.echo(err=True)  # nobody has ended the line by typing
    if not answer:
        raise Misused("nobody answers on standard input", advice="--yes does it without asking.")
    return answer.rstrip("\r\n")


def name_of(kind: str, name: str, consequence: str) -> None:
    """Have the name typed of what is to be changed for good. Raises `Refused` where it is another."""
    typer.echo(consequence, err=True)
    if line(f"Type the {kind}'s name to confirm: ") != name:
        raise Refused(f"that is not the {kind}'s name; nothing was changed")


def agreement(question: str) -> None:
    """Have a question answered with yes. Raises `Refused` of everything else."""
    if line(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refused("nothing was changed")


def secret(prompt: str) -> str:
    """A secret: typed unseen at a terminal, else the first line of standard input."""
    if is_terminal():
        return getpass.getpass(prompt)
    return sys.stdin.readline()


def new_password() -> str:
    """A new password, typed twice at a terminal. Raises `Refused`, and `Misused` where there is none."""
    password = secret("Password: ").rstrip("\r\n")
    if not password:
        raise Misused("no password was given", advice="It is typed at a terminal, or one line of standard input.")
    if is_terminal() and secret("The same again: ") != password:
        raise Refused("the two are not the same; nothing was changed")
    return password


def is_terminal() -> bool:
    """Whether somebody types."""
    return sys.stdin.isatty()
