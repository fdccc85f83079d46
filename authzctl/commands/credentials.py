"""`authzctl rotate`, `expire`, `set-auth`, `remove-auth`, `reveal`: a profile's credential."""

from __future__ import annotations

from typing import Annotated

import typer

from authzctl import asking, files, shown
from authzctl.api import identified
from authzctl.auth_options import Settings, auth_of, with_auth_options
from authzctl.edited import write_edited
from authzctl.failures import Misused
from authzctl.issued import write_issued
from authzctl.options import (
    CredentialOption,
    HoursOption,
    KeyOption,
    OutputOption,
    ProfileId,
    VersionOption,
    YesOption,
    present,
)
from authzctl.output import CredentialOutput, Output
from authzctl.session import opened


def rotate(
    context: typer.Context,
    profile: ProfileId,
    *,
    expires_in_hours: HoursOption = None,
    grace_seconds: Annotated[
        int | None,
        typer.Option(
            "--grace-seconds",
            metavar="SECONDS",
            help="How long the old one works beside the new, 0 to 86400; without it, 0.",
        ),
    ] = None,
    version: VersionOption = None,
    key: KeyOption = None,
    output: CredentialOption = CredentialOutput.TABLE,
) -> None:
    """Make a new credential, and end the old one.

    The old one ends at once, or after a time of grace. The new one is shown once.

    Example: authzctl rotate pr_a --expires-in-hours 720 --grace-seconds 600
    """
    body = present(expires_in_hours=expires_in_hours, grace_seconds=grace_seconds)
    with opened(context) as api:
        answer = api.create(f"/profiles/{identified(profile)}/rotate", body, key=key, version=version)
    end = f"works for {grace_seconds} s more" if grace_seconds else "works no more"
    sentence = f"Rotated the credential of profile {shown.named(answer.body)}; the old one {end}."
    write_issued(answer, output, sentence, again=f"Have another one made: authzctl rotate {profile}")


def expire(context: typer.Context, profile: ProfileId, output: OutputOption = Output.TABLE) -> None:
    """End a profile's credential now.

    Its predecessor's time of grace ends as well. `rotate` makes a new one.

    Example: authzctl expire pr_production
    """
    with opened(context) as api:
        answer = api.change("POST", f"/profiles/{identified(profile)}/expire", {})
    write_edited(answer.body, output, f"Expired the credential of profile {shown.named(answer.body)}.")


@with_auth_options
def set_auth(
    context: typer.Context,
    profile: ProfileId,
    *,
    expires_in_hours: HoursOption = None,
    file: Annotated[
        str | None,
        typer.Option("--file", "-f", metavar="FILE", help="The auth of a document, YAML or JSON; options win."),
    ] = None,
    version: VersionOption = None,
    output: CredentialOption = CredentialOutput.TABLE,
    settings: Settings,
) -> None:
    """Change how a profile's callers authenticate.

    What they proved it with before works no more. A new token, or HMAC secret, is made for the types token and jwt,
    and shown once.

    Example: authzctl set-auth pr_a --auth jwt --algorithm HS256
    """
    auth = auth_of(settings, files.mapping(file) if file else None, None)
    if auth is None:
        raise Misused("--auth is missing", advice="Give --auth and its settings, or --file.")
    body = present(auth=auth, expires_in_hours=expires_in_hours)
    with opened(context) as api:
        answer = api.change("PUT", f"/profiles/{identified(profile)}/auth", body, version=version)
    sentence = f"Profile {shown.named(answer.body)} now has auth of type {answer.body['auth']['type']}."
    write_issued(answer, output, sentence, again=f"Have another one made: authzctl rotate {profile}")


def remove_auth(
    context: typer.Context,
    profile: ProfileId,
    *,
    yes: YesOption = False,
    version: VersionOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Ask a profile's callers for no credential.

    The profile's name has to be typed first, unless --yes is given.

    Example: authzctl remove-auth pr_internal
    """
    path = f"/profiles/{identified(profile)}"
    with opened(context) as api:
        if not yes:
            found = api.get(path)
            consequence = f"Whoever names profile {shown.named(found)} is then let through without a credential."
            asking.name_of("profile", str(found["name"]), consequence)
        answer = api.change("DELETE", f"{path}/auth", version=version)
    write_edited(answer.body, output, f"Profile {shown.named(answer.body)} asks for no credential any more.")


def reveal(context: typer.Context, profile: ProfileId, output: CredentialOption = CredentialOutput.TABLE) -> None:
    """Show a profile's credential again.

    That works where the server keeps credentials (AUTHZ_REVEAL), and is recorded.

    Example: authzctl reveal pr_production -o value
    """
    with opened(context) as api:
        answer = api.change("POST", f"/profiles/{identified(profile)}/reveal", {})
    sentence = f"Revealed the credential of profile {shown.named(answer.body)}."
    again = f"Have another one made: authzctl rotate {profile}"
    write_issued(answer, output, sentence, again=again, last_words="That it was shown is in the audit trail.")
