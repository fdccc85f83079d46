"""A site over fakes with one of everything, and a way to see whether anything was done to it."""

from __future__ import annotations

from typing import Any, Final

from authz_server.managing.commands import CreateApiKey, CreateClient, CreateProfile
from authz_server.managing.records import COMMAND_LINE, Role
from tests.support.rest_api import Api
from tests.support.web_pages import an_account

CLIENT: Final = "cl_one"
PROFILE: Final = "pr_one"


class WholeSite:
    """A client, a profile, an account and an API key, and the addresses of their pages."""

    def __init__(self, api: Api | None = None) -> None:
        self.api = api or Api()
        service = self.api.service
        service.clients.create(CreateClient(actor=COMMAND_LINE, fields={"id": CLIENT, "name": "one"}))
        fields = {"id": PROFILE, "name": "one", "auth": {"type": "token"}, "expires_in_hours": 48}
        service.profiles.create(CreateProfile(actor=COMMAND_LINE, client_id=CLIENT, fields=fields))
        key = service.api_keys.create(CreateApiKey(actor=COMMAND_LINE, fields={"name": "one", "role": "viewer"}))
        for role in Role:
            an_account(self.api, role.value, role)
        self.ids: Final = {
            "client_id": CLIENT,
            "profile_id": PROFILE,
            "account_id": an_account(self.api, "one", Role.VIEWER),
            "api_key_id": key.shape["id"],
        }

    def address(self, path: str) -> str:
        """Of a page of the table, with the ids of what is there."""
        return path.format_map(self.ids)

    def state(self) -> dict[str, Any]:
        """Everything that is recorded, but when somebody was seen last."""
        state = vars(self.api.database._state.copy())  # noqa: SLF001 - everything, not what the ports give of it
        sessions = {digest: session.account_id for digest, session in state["sessions"].items()}
        return {**state, "sessions": sessions, "published": dict(vars(self.api.publisher))}
