"""The decision table, steps 1 to 6, and all of it together."""

from typing import Final

from tests.e2e.decision_credentials import CREDENTIALS
from tests.e2e.decision_rows import ALLOWED, HTTP_1, HTTP_2, Row, bearer, literally


def _identity() -> list[Row]:
    missing, malformed, unknown = "identity_missing", "identity_malformed", "profile_unknown"
    http = (HTTP_1, HTTP_2)
    long = "a" * 64
    return [
        Row(says="no ids", client=None, profile=None, code=missing),
        Row(says="no client id", client=None, profile="pr_open", code=missing),
        Row(says="no profile id", profile=None, code=missing),
        Row(says="empty client id", client="", profile="pr_open", code=missing),
        Row(says="missing wins over malformed", client="a b", profile=None, code=missing),
        Row(says="client id with a space", client="cl acme", profile="pr_open", code=malformed),
        Row(says="client id with a slash", client="cl/acme", profile="pr_open", code=malformed),
        Row(says="client id starts with a dot", client=".cl", profile="pr_open", code=malformed),
        Row(says="profile id of 65 characters", profile=long + "a", code=malformed),
        Row(says="profile id of 4000 characters", profile="a" * 4000, code=malformed),
        Row(says="bytes that are not ASCII", client="cl_acm\xe9", profile="pr_open", code=malformed, over=http),
        Row(says="space after the id is kept", client="cl_acme ", profile="pr_open", code=malformed, over=(HTTP_2,)),
        Row(says="two client ids", profile="pr_open", code=malformed, headers=[("x-client-id", "cl_acme")]),
        Row(says="two profile ids", profile="pr_open", code=malformed, headers=[("x-profile-id", "pr_token")]),
        Row(says="joined client ids", client="cl_acme,cl_other", profile="pr_open", code=malformed),
        Row(says="profile id of 64 characters", profile=long, code=unknown),
        Row(says="unknown profile", profile="pr_nobody", code=unknown),
        Row(says="unknown client", client="cl_nobody", profile="pr_open", code=unknown),
        Row(says="another client's profile", profile="pr_other", code=unknown),
        Row(says="own profile under another client", client="cl_other", profile="pr_open", code=unknown),
        Row(says="client id in another case", client="CL_acme", profile="pr_open", code=unknown),
        Row(says="profile id in another case", profile="PR_open", code=unknown),
    ]


def _rules() -> list[Row]:
    http = (HTTP_1, HTTP_2)
    not_allowed = "method_not_allowed"
    put_only, get_only = "PUT, DELETE", "GET"
    override = [("x-http-method-override", "PUT")]
    return [
        Row(says="inactive profile", profile="pr_inactive", code="profile_inactive"),
        Row(says="inactive client", client="cl_closed", profile="pr_closed", code="profile_inactive"),
        Row(says="address not on the list", profile="pr_elsewhere", code="ip_not_allowed"),
        Row(
            says="forged addresses",
            profile="pr_elsewhere",
            code="ip_not_allowed",
            headers=[
                ("x-forwarded-for", "10.0.0.1"),
                ("x-envoy-external-address", "10.0.0.1"),
                ("x-client-ip", "10.0.0.1"),
            ],
        ),
        Row(says="address on the list", profile="pr_here", code=ALLOWED),
        Row(says="method not on the list", profile="pr_put_only", code=not_allowed, allow=put_only),
        Row(says="method by override", profile="pr_put_only", code=not_allowed, allow=put_only, headers=override),
        Row(says="method on the list", profile="pr_get_and_post", code=ALLOWED),
        Row(says="GET on the list", profile="pr_get_only", method="GET", code=ALLOWED, over=http),
        Row(says="HEAD is not GET", profile="pr_get_only", method="HEAD", code=not_allowed, allow=get_only, over=http),
        Row(
            says="OPTIONS has no rule",
            profile="pr_get_only",
            method="OPTIONS",
            code=not_allowed,
            allow=get_only,
            over=http,
        ),
        Row(
            says="TRACE has no rule",
            profile="pr_get_only",
            method="TRACE",
            code=not_allowed,
            allow=get_only,
            over=(HTTP_2,),
        ),
        Row(
            says="get is not GET", profile="pr_get_only", method="get", code=not_allowed, allow=get_only, over=(HTTP_2,)
        ),
        Row(
            says="invented method",
            profile="pr_get_only",
            method="FOO!",
            code=not_allowed,
            allow=get_only,
            over=(HTTP_2,),
        ),
        Row(says="any method on an empty list", profile="pr_open", method="PURGE", code=ALLOWED, over=http),
        Row(says="route with another label", profile="pr_payments", code="route_not_allowed"),
        Row(says="route without a label", profile="pr_orders", labelled=False, code="route_not_allowed"),
        Row(says="route with its label", profile="pr_orders", code=ALLOWED),
        Row(says="no rules and no credential", profile="pr_open", code=ALLOWED),
        Row(
            says="unread credential of a profile without any",
            profile="pr_open",
            code=ALLOWED,
            credential=literally("a, b"),
        ),
        Row(says="inactive comes before address", profile="pr_active_first", code="profile_inactive"),
        Row(
            says="address comes before method", profile="pr_ip_first", code="ip_not_allowed", credential=bearer("wrong")
        ),
        Row(says="method comes before route", profile="pr_method_first", code=not_allowed, allow="PUT"),
        Row(says="route comes before credential", profile="pr_route_first", code="route_not_allowed"),
    ]


ROWS: Final = (*_identity(), *_rules(), *CREDENTIALS)
