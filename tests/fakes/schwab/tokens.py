"""OAuth: 30-minute access tokens, 7-day refresh tokens, both on the virtual clock."""

from __future__ import annotations

import base64
import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.clock import VirtualClock
from tests.fakes.web import Reply, Request

KEY, SECRET = "FAKEAPPKEYFAKEAPPKEY", "FAKEAPPSECRET1234"


class Tokens:
    """Issues and checks tokens."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.serial = 0
        self.access: dict[str, datetime] = {}
        self.refresh: dict[str, datetime] = {}
        self.access_life = timedelta(minutes=30)
        self.refresh_life = timedelta(days=7)

    def login(self) -> dict[str, Any]:
        """A token file as a person's login would have made it."""
        self.serial += 1
        refresh = f"FAKEREFRESH{self.serial:06d}@secret"
        self.refresh[refresh] = self.clock.now() + self.refresh_life
        token = self._grant(refresh)
        token["expires_at"] = int(time.time()) + 1800
        return {"creation_timestamp": int(self.clock.now().timestamp()), "token": token}

    def _grant(self, refresh: str) -> dict[str, Any]:
        self.serial += 1
        access = f"FAKEACCESS{self.serial:06d}@secret"
        self.access.clear()  # a refresh ends every older access token
        self.access[access] = self.clock.now() + self.access_life
        return {
            "expires_in": 1800,
            "token_type": "Bearer",
            "scope": "api",
            "refresh_token": refresh,
            "access_token": access,
            "id_token": f"FAKEID{self.serial:06d}",
        }

    def valid(self, request: Request) -> bool:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        expires = self.access.get(token)
        return kind == "Bearer" and expires is not None and self.clock.now() < expires

    def revoke(self, which: str) -> None:
        getattr(self, which).clear()

    def token(self, request: Request) -> Reply:
        """POST /v1/oauth/token."""
        wanted = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            return Reply.of({"error": "invalid_client", "error_description": "Unauthorized"}, 401)
        form = {k: v[-1] for k, v in parse_qs(request.body).items()}
        if form.get("grant_type") == "authorization_code":
            if not form.get("code", "").startswith("FAKECODE"):
                return Reply.of({"error": "invalid_grant", "error_description": "bad code"}, 400)
            return Reply.of(self.login()["token"] | {"expires_at": None})
        refresh = form.get("refresh_token", "")
        if self.clock.now() >= self.refresh.get(
            refresh, datetime.min.replace(tzinfo=self.clock.now().tzinfo)
        ):
            error = {
                "error": "unsupported_token_type",
                "error_description": "400 Bad Request: refresh_token_authentication_error",
            }
            return Reply.of(error, 400)
        return Reply.of(self._grant(refresh))


UNAUTHORISED = {
    "errors": [{"id": "fake", "status": 401, "title": "Unauthorized", "detail": "Client not authorized"}]
}
