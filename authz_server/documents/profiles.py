"""The fields of clients and profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from authz_server.core.allow_list import AllowList, parse_network
from authz_server.core.auth import AuthConfig
from authz_server.core.limits import LABELS
from authz_server.core.profile import ANYWHERE, Client, Profile
from authz_server.documents import limits, values
from authz_server.documents.auth import read_auth
from authz_server.documents.errors import Code
from authz_server.documents.fields import Fields
from authz_server.documents.sealed import OpenSealed, ResolveEnv, Secrets
from authz_server.documents.tree import Value

CLIENT_FIELDS: Final = frozenset(("id", "name", "description", "active", "labels", "profiles"))
PROFILE_FIELDS: Final = frozenset(
    ("id", "name", "active", "allowed_methods", "allowed_ips", "allowed_routes", "labels", "auth")
)
CLIENT_CHANGES: Final = CLIENT_FIELDS - {"id", "profiles"}
PROFILE_CHANGES: Final = PROFILE_FIELDS - {"id", "auth"}
_NO_CLIENT: Final = Client(id="", name="")  # stands for a wrong one, so that its profiles are read all the same
_NO_LABELS: Final[Mapping[str, str]] = {}

_label_name: Final = values.text(limits.LABEL_NAME_CHARACTERS)
_label_value: Final = values.text(limits.LABEL_VALUE_CHARACTERS)
_route: Final = values.text(limits.ROUTE_CHARACTERS)


class ProfileReader:
    """Reads clients and profiles one by one, and shares what many of them have in common."""

    def __init__(self, resolve_env: ResolveEnv | None, open_sealed: OpenSealed | None) -> None:
        self._resolve_env = resolve_env
        self._open_sealed = open_sealed
        self._allow_lists: dict[tuple[str, ...], AllowList] = {}
        self._shared: dict[tuple[str, ...], tuple[str, ...]] = {}

    def client(self, fields: Fields) -> Client:
        """A client, its profiles aside."""
        fields.know(CLIENT_FIELDS, "a client")
        return Client(
            id=fields.required("id", values.identifier) or "",
            name=fields.required("name", values.name) or "",
            description=fields.optional("description", values.description, ""),
            active=fields.optional("active", values.boolean, True),  # noqa: FBT003 - a default
            labels=_labels(fields),
        )

    def profile(self, fields: Fields, client: Client = _NO_CLIENT) -> Profile | None:
        """A profile of `client`; None where an error was reported."""
        fields.know(PROFILE_FIELDS, "a profile")
        profile_id = fields.required("id", values.identifier) or ""
        name = fields.required("name", values.name) or ""
        if "auth" not in fields:
            fields.missing("auth")
        auth_fields = fields.mapping("auth")
        auth = None if auth_fields is None else self.auth(auth_fields, profile_id)
        active = fields.optional("active", values.boolean, True)  # noqa: FBT003 - a default
        methods = self._share(fields.each("allowed_methods", values.method))
        ips = self._allow_list(fields)
        routes = self._share(fields.each("allowed_routes", _route))
        labels = _labels(fields)
        if auth is None:
            return None
        return Profile(
            id=profile_id,
            client=client,
            name=name,
            active=active,
            allowed_methods=methods,
            allowed_ips=ips,
            allowed_routes=routes,
            labels=labels,
            auth=auth,
        )

    def client_changes(self, fields: Fields) -> dict[str, Any]:
        """Those fields of a client that are to change, by the name that `Client` has for them."""
        fields.know(CLIENT_CHANGES, "a change of a client")
        read: dict[str, Any] = {
            "name": fields.optional("name", values.name, ""),
            "description": fields.optional("description", values.description, ""),
            "active": fields.optional("active", values.boolean, False),  # noqa: FBT003 - stands for a wrong one
            "labels": _labels(fields),
        }
        return {name: value for name, value in read.items() if name in fields}

    def profile_changes(self, fields: Fields) -> dict[str, Any]:
        """Those fields of a profile that are to change, by the name that `Profile` has for them."""
        fields.know(PROFILE_CHANGES, "a change of a profile")
        read: dict[str, Any] = {
            "name": fields.optional("name", values.name, ""),
            "active": fields.optional("active", values.boolean, False),  # noqa: FBT003 - stands for a wrong one
            "allowed_methods": self._share(fields.each("allowed_methods", values.method)),
            "allowed_ips": self._allow_list(fields),
            "allowed_routes": self._share(fields.each("allowed_routes", _route)),
            "labels": _labels(fields),
        }
        return {name: value for name, value in read.items() if name in fields}

    def auth(self, fields: Fields, profile_id: str) -> AuthConfig | None:
        """A profile's `auth` alone; None where an error was reported."""
        return read_auth(fields, Secrets(profile_id, self._resolve_env, self._open_sealed))

    def _share(self, entries: tuple[str, ...]) -> tuple[str, ...]:
        """Without repetitions, and one tuple for all that are equal."""
        shared = self._shared.get(entries)
        if shared is None:
            shared = self._shared[entries] = tuple(dict.fromkeys(entries))
        return shared

    def _allow_list(self, fields: Fields) -> AllowList:
        if "allowed_ips" not in fields:
            return ANYWHERE
        entries = fields.each("allowed_ips", values.string)
        allow_list = self._allow_lists.get(entries)
        if allow_list is None:
            try:
                allow_list = self._allow_lists[entries] = AllowList.of(entries)
            except ValueError:
                fields.each("allowed_ips", _network_if_text)  # one by one, to tell which
                return ANYWHERE
        return allow_list


def _network_if_text(value: Value) -> None:
    if type(value) is str:  # anything else is already reported
        parse_network(value)


def _labels(fields: Fields) -> Mapping[str, str]:
    labels = fields.mapping("labels")
    if labels is None:
        return _NO_LABELS
    if len(labels.items()) > LABELS:
        fields.error("labels", Code.INVALID, f"has {len(labels.items())} labels; accepted are at most {LABELS}")
    return {_read_label_name(labels, name): labels.optional(name, _label_value, "") for name, _ in labels.items()}


def _read_label_name(labels: Fields, name: Value) -> str:
    try:
        return _label_name(name)
    except ValueError as problem:
        labels.report.error((*labels.path, name), Code.INVALID, f"is no name of a label: it {problem}", at_key=True)
        return ""
