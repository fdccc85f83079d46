"""The end of every command that may make a credential: it is shown once, in the form that was asked for."""

from __future__ import annotations

import typer

from authzctl import shown
from authzctl.api import Answer
from authzctl.failures import Refused
from authzctl.output import CredentialOutput, is_for_people, say, write

_ONCE = "Store it now: it is not shown again."
_LOST = "it was done by an earlier attempt whose answer was lost, and a credential is shown once"


def write_issued(
    answer: Answer, output: CredentialOutput, sentence: str, *, again: str, last_words: str = _ONCE
) -> None:
    """Write the answer to an edit that may have made a credential.

    `sentence` says to people what was done, and `again` how to have another credential made where this one was lost.
    Raises `Refused` where the credential alone is wanted and there is none to show.
    """
    shown.propagation(answer.body)
    shown.warnings(answer.body)
    credential = answer.body.get("credential")
    value = (credential or {}).get("value")
    if output is CredentialOutput.VALUE:
        if value is None:
            why = _LOST if credential else "there is no credential to show: none was made"
            raise Refused(f"{sentence} But {why}", advice=again if credential else None)
        typer.echo(value)
        return
    if is_for_people(output):
        typer.echo(sentence)
        shown.credential(answer.body, last_words)
    else:
        write(answer.body, output)
    if credential and value is None:
        say(_LOST)
        typer.echo(again, err=True)
