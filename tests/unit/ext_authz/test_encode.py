"""From a decision to the bytes of a CheckResponse, read back by protobuf."""

import string
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authz_server.core.auth import AuthConfig, MtlsAuth, NoAuth, OidcAuth
from authz_server.core.decision import Allowed, Decision, Denied, dynamic_metadata
from authz_server.core.denial_reasons import DENIALS, DenialReason
from authz_server.core.facts import CheckFacts
from authz_server.ext_authz.encode import Encoder
from authz_server.wire import ext_authz_pb2 as wire
from tests.support.profiles import a_client, a_profile, hmac_auth, token_auth
from tests.support.requests import facts
from tests.support.responses import read_response

AUTHS: Final[tuple[AuthConfig, ...]] = (
    token_auth(),
    token_auth(forward_authorization=True),
    hmac_auth(),
    OidcAuth(issuer="https://issuer.example", audience=("a",), required_scopes=("a.read", "b.write")),
    MtlsAuth(any_verified=True),
    NoAuth(),
)
IDENTIFIERS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}", fullmatch=True)
REALMS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"\\'), max_size=200)
REQUEST_IDS = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=64)
SUBJECTS = st.one_of(st.none(), st.text(max_size=300), st.text("é%ab", min_size=40, max_size=300))
LABELS = st.dictionaries(st.text(max_size=20), st.text(max_size=80), max_size=4)


@st.composite
def profiles(draw: st.DrawFn) -> Any:
    return a_profile(
        draw(IDENTIFIERS),
        client=a_client(draw(IDENTIFIERS)),
        auth=draw(st.sampled_from(AUTHS)),
        labels=draw(LABELS),
        allowed_methods=tuple(draw(st.lists(st.sampled_from(["GET", "POST", "M-SEARCH"]), max_size=40))),
    )


@st.composite
def shown(draw: st.DrawFn) -> CheckFacts:
    names = st.text(string.ascii_lowercase + "-_", max_size=40).map("x-authz-{}".format)
    own = st.sampled_from(["x-authz-client-id", "x-authz-subject", "x-authz-auth-type", "x-authz-profile-id"])
    forged = draw(st.lists(st.one_of(names, own), unique=True, max_size=6))
    hostile = st.one_of(st.none(), st.just("SENTINEL-from-the-request"))
    return CheckFacts(
        client_id=draw(hostile),
        profile_id=draw(hostile),
        authorization=draw(hostile),
        method=draw(st.sampled_from(["GET", "SENTINEL-method"])),
        client_ip=draw(hostile),
        route=draw(hostile),
        certificate=draw(hostile),
        grpc_caller=draw(st.booleans()),
        authz_headers=tuple(forged),
    )


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    if draw(st.booleans()):
        return Allowed(draw(profiles()), draw(SUBJECTS))
    return Denied(draw(st.sampled_from(DenialReason)), draw(st.one_of(st.none(), profiles())))


def encoded(encoder: Encoder, decision: Decision, call: CheckFacts, request_id: str) -> bytes:
    if isinstance(decision, Allowed):
        return encoder.allowed(decision, call)
    return encoder.denied(decision, call, request_id)


@given(st.lists(decisions(), min_size=1, max_size=3), st.lists(shown(), min_size=1, max_size=3), REALMS, REQUEST_IDS)
def test_status_is_ok_if_and_only_if_the_decision_is_allowed(
    made: list[Decision], calls: list[CheckFacts], realm: str, request_id: str
) -> None:
    """For every decision, call, realm and order of calls; and the answer is of the one kind that says the same."""
    encoder = Encoder(realm)
    for decision in made:
        for call in calls:
            answer = encoded(encoder, decision, call, request_id)
            response = wire.CheckResponse.FromString(answer)
            assert answer
            assert response.HasField("status")
            assert (response.status.code == 0) is isinstance(decision, Allowed)
            assert response.WhichOneof("http_response") == (
                "ok_response" if isinstance(decision, Allowed) else "denied_response"
            )
            assert read_response(answer).metadata == dynamic_metadata(decision)
            assert b"SENTINEL" not in answer


@given(decisions(), shown(), shown(), REQUEST_IDS)
def test_answer_is_the_same_whatever_was_answered_before(
    decision: Decision, before: CheckFacts, call: CheckFacts, request_id: str
) -> None:
    """What is kept with a profile holds nothing of the request it was first worked out for."""
    seasoned = Encoder("authz")
    encoded(seasoned, decision, before, "another-id")
    if isinstance(decision, Allowed):
        seasoned.allowed(Allowed(decision.profile, "é" * 42), before)
        seasoned.allowed(Allowed(decision.profile, "somebody else"), before)
        seasoned.allowed(Allowed(decision.profile, None), before)
    after = read_response(encoded(seasoned, decision, call, request_id))
    if decision.profile is not None:
        decision.profile.prepared.clear()
    assert after == read_response(encoded(Encoder("authz"), decision, call, request_id))


@given(profiles(), SUBJECTS, shown())
@example(a_profile(auth=hmac_auth()), "é" * 42, facts())
def test_upstream_gets_the_identity_and_no_forged_header_survives(
    profile: Any, subject: str | None, call: CheckFacts
) -> None:
    response = read_response(Encoder("authz").allowed(Allowed(profile, subject), call))
    identity = {
        "x-authz-client-id": profile.client.id,
        "x-authz-profile-id": profile.id,
        "x-authz-auth-type": profile.auth.type.value,
    }
    assert identity.items() <= response.headers.items()
    assert set(response.headers) - set(identity) <= {"x-authz-subject"}
    survivors = {*call.authz_headers, "x-authz-subject"} - set(response.headers) - set(response.removed)
    assert not survivors
    assert not set(response.headers) & set(response.removed)  # Envoy removes after it sets
    assert len(set(response.removed)) == len(response.removed)


@given(st.sampled_from(DenialReason), st.one_of(st.none(), profiles()), shown(), REALMS, REQUEST_IDS)
def test_refusal_is_the_status_headers_and_body_of_its_reason(
    reason: DenialReason, profile: Any, call: CheckFacts, realm: str, request_id: str
) -> None:
    response = read_response(Encoder(realm).denied(Denied(reason, profile), call, request_id))
    denial = DENIALS[reason]
    assert (response.code, response.http_status) == (denial.grpc_code, denial.status)
    assert response.headers["cache-control"] == "no-store"
    if call.grpc_caller:
        assert response.body == f"{reason}: {denial.title}"
        return
    assert list(response.problem) == ["type", "title", "status", "code", "detail", "request_id"]
    assert (response.problem["code"], response.problem["request_id"]) == (reason.value, request_id)


def test_profile_answers_each_realm_in_its_own_words() -> None:
    profile = a_profile(auth=token_auth())
    denied = Denied(DenialReason.CREDENTIAL_MISSING, profile)
    for realm in ("one", "two"):
        response = read_response(Encoder(realm).denied(denied, facts(), "r-1"))
        assert response.headers["www-authenticate"] == f'Bearer realm="{realm}"'


def test_long_answers_have_long_lengths() -> None:
    """Lengths of three bytes: a list of methods of 20,000 characters."""
    methods = tuple(f"M{number:09}" for number in range(2_000))
    denied = Denied(DenialReason.METHOD_NOT_ALLOWED, a_profile(allowed_methods=methods))
    response = read_response(Encoder("authz").denied(denied, facts(), "r-1"))
    assert response.headers["allow"] == ", ".join(methods)
    assert response.problem["request_id"] == "r-1"


@pytest.mark.parametrize("times", [1, 2])
def test_cannot_tell_is_an_error_to_envoy_and_says_nothing_but_that(times: int) -> None:
    encoder = Encoder("authz")
    response = [read_response(encoder.cannot_tell()) for _ in range(times)][-1]
    assert (response.kind, response.code, response.http_status) == ("error_response", 14, 503)
    assert response.headers == {"content-type": "text/plain", "cache-control": "no-store", "retry-after": "1"}
    assert response.metadata == {"outcome": "denied", "code": "unavailable"}
    assert response.body
