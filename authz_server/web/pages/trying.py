"""/profiles/{profile_id}/try: what a request with this profile would be answered, step by step, without making it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from authz_server.core.auth import AuthType
from authz_server.core.denial_reasons import Step
from authz_server.managing.records import Role, Shape
from authz_server.web.dry_run import Verdict
from authz_server.web.pages import profile_page, scripts, snippets
from authz_server.web.pages.forms import Filled, Form
from authz_server.web.pages.visits import Action, Answer, Page, Services, View, Visit

_ASSUME: Final = "assume"
_CREDENTIAL: Final = "authorization"
_AUTHORIZATION: Final = "Authorization"
_BEARER: Final = "Bearer"
_HEADERS: Final = "headers"
_CERTIFICATE: Final = "certificate"
_PLAIN: Final = ("method", "path", "route", "client_ip")
_split_header: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*(.*)").fullmatch
_OWN_SECRET: Final = re.compile(r"az[ahst]_[0-9A-Za-z]{20}").search
_INVALID: Final = 422

STEPS: Final = {
    Step.IDENTITY: "Ids",
    Step.PROFILE: "Profile",
    Step.ACTIVE: "Active",
    Step.CLIENT_IP: "Client IP",
    Step.METHOD: "Method",
    Step.ROUTE: "Route",
    Step.CREDENTIAL: "Credential",
}
VERDICTS: Final = {
    Verdict.PASSED: ("passed", "check"),
    Verdict.ASSUMED: ("taken as valid", "check"),
    Verdict.REFUSED: ("refused", "cross"),
    Verdict.FAULT: ("failed", "warning"),
    Verdict.NOT_REACHED: ("not reached", "dash"),
}
"""What a step came to, in words, and as an icon."""


class Told(NamedTuple):
    """One step: which, what became of it, why, and how that looks."""

    name: str
    verdict: Verdict
    word: str
    icon: str
    detail: str


def carries_header(profile: Shape) -> str | None:
    """The header that brings this profile's credential, as one writes it; None where none does."""
    header = snippets.credential_header(profile, "")
    return None if header is None else header.partition(":")[0]


def _try(services: Services, visit: Visit) -> Answer:
    profile = _profile(services, visit)
    return _view(services, visit, profile, Filled(snippets.trial(profile)))


def _tried(services: Services, visit: Visit) -> Answer:
    profile, form = _profile(services, visit), visit.form
    secret_header = carries_header(profile)
    headers, wrong = _headers(form, secret_header)
    kept = _without_secrets(form, secret_header)
    if wrong:
        return _view(services, visit, profile, Filled(kept.values, {_HEADERS: wrong}), status=_INVALID)
    result = services.dry_run.check(_given(profile, form, headers, secret_header))
    return _view(services, visit, profile, Filled(kept.values), result=result)


def _given(profile: Shape, form: Form, headers: Mapping[str, str], secret_header: str | None) -> dict[str, Any]:
    """The request, as the dry run takes it. A credential that was filled in is looked at."""
    given: dict[str, Any] = {"client_id": profile["client_id"], "profile_id": profile["id"], "headers": dict(headers)}
    given |= {name: form.text(name) for name in _PLAIN if form.text(name)}
    credential, certificate = form.exact(_CREDENTIAL), form.text(_CERTIFICATE)
    if secret_header is not None and credential:
        given["headers"][secret_header.lower()] = credential
    if certificate:
        given["certificate"] = certificate
    given["assume_credential"] = form.is_checked(_ASSUME) and not credential and not certificate
    return given


def _headers(form: Form, secret_header: str | None) -> tuple[dict[str, str], tuple[str, ...]]:
    """The headers by their names in lower case, joined where one comes twice, as Envoy does; and what is wrong."""
    headers: dict[str, str] = {}
    wrong = []
    for line in form.lines(_HEADERS):
        found = _split_header(line.text)
        if found is None:
            wrong.append(f"Line {line.number}: write it as Name: value.")
        elif _is(found[1], secret_header):
            wrong.append(f"Line {line.number}: {secret_header} has a field of its own, which hides it.")
        elif _is(found[1], _AUTHORIZATION):
            wrong.append(f"Line {line.number}: {_AUTHORIZATION} is not looked at with this profile; leave it out.")
        else:
            name = found[1].lower()
            headers[name] = f"{headers[name]},{found[2]}" if name in headers else found[2]
    return headers, tuple(wrong)


def _is(name: str, secret_header: str | None) -> bool:
    return secret_header is not None and name.lower() == secret_header.lower()


def _without_secrets(form: Form, secret_header: str | None) -> Form:
    """The form as the page may show it again."""
    values = {name: text for name, text in form.values.items() if name != _CREDENTIAL}
    if "PRIVATE KEY" in values.get(_CERTIFICATE, ""):
        values[_CERTIFICATE] = ""
    lines = values.get(_HEADERS, "").splitlines()
    values[_HEADERS] = "\n".join(line for line in lines if not _is_secret(line.strip(), secret_header))
    return replace(form, values=values)


def _is_secret(line: str, secret_header: str | None) -> bool:
    """Whether a line has a credential; where it is no header, what looks like one: `-H "Authorization: x"`."""
    if _OWN_SECRET(line):
        return True
    found = _split_header(line)
    if found is None:
        return any(name.lower() in line.lower() for name in (secret_header or _BEARER, _AUTHORIZATION, _BEARER))
    return any(_is(found[1], name) for name in (secret_header, _AUTHORIZATION, f"Proxy-{_AUTHORIZATION}"))


def _view(
    services: Services, visit: Visit, profile: Shape, filled: Filled, *, result: Shape | None = None, status: int = 200
) -> View:
    context = {
        "profile": profile,
        "client": services.managing.reading.client(profile["client_id"]).shape,
        "filled": filled,
        "secret_header": carries_header(profile),
        "is_bearer": carries_header(profile) == _AUTHORIZATION,
        "asks_for_certificate": profile["auth"]["type"] == AuthType.MTLS,
        "result": result,
        "steps": () if result is None else tuple(map(_told, result["steps"])),
        "answer": "" if result is None else _written(result),
        "commands": scripts.of_try(profile, filled.value("method") or "GET", visit.origin),
    }
    return View(template="profile_try.html", context=context, status=status)


def _told(step: Shape) -> Told:
    verdict = Verdict(step["verdict"])
    return Told(STEPS[Step(step["step"])], verdict, *VERDICTS[verdict], step["detail"])


def _written(result: Shape) -> str:
    """The whole answer as it goes over the wire (HTTP/1.1); nothing where the application answers."""
    if result["body"] is None:
        return ""
    lines = [f"HTTP/1.1 {result['status']} {HTTPStatus(result['status']).phrase}"]
    lines += [f"{name}: {value}" for name, value in result["headers"].items()]
    return "\n".join((*lines, "", result["body"]))


def _profile(services: Services, visit: Visit) -> Shape:
    return services.managing.reading.profile(visit.id("profile_id")).shape


PAGES: Final = (
    Page(f"{profile_page.PATH}/try", {"GET": Action(Role.OPERATOR, _try), "POST": Action(Role.OPERATOR, _tried)}),
)
