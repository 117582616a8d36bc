"""What alerts are posted to: a program that believes signed requests only, as Standard Webhooks has it, and a chat's incoming webhook."""

import base64
import hashlib
import hmac

import httpx2
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route

HOST = "https://receiver.example"


class Receivers:
    """Both receivers; `status` is what they answer instead, `secret` what the program checks signatures with."""

    def __init__(self):
        self.secret = ""
        self.status = 200
        self.taken, self.texts, self.ids = [], [], []
        routes = [
            Route("/program", self._program, methods=["POST"]),
            Route("/chat", self._chat, methods=["POST"]),
            Route("/moved", lambda _: RedirectResponse("/chat"), methods=["POST"]),
        ]
        self.app = Starlette(routes=routes)

    def transport(self):
        return httpx2.ASGITransport(app=self.app)

    def client(self):
        return httpx2.AsyncClient(transport=self.transport())

    def told(self):
        """Return what the program was told: type and cause, in order."""
        return [(one["type"].removeprefix("alert."), one["cause"]) for one in self.taken]

    async def _program(self, request):
        if self.status != 200:
            return PlainTextResponse("no", self.status)
        content = await request.body()
        told, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        key = base64.b64decode(self.secret.removeprefix("whsec_"), validate=True)
        proof = base64.b64encode(hmac.new(key, f"{told}.{at}.{content.decode()}".encode(), hashlib.sha256).digest()).decode()
        if request.headers["webhook-signature"] != f"v1,{proof}":
            return PlainTextResponse("whose is this?", 401)
        self.taken.append(await request.json())
        self.ids.append(told)
        return PlainTextResponse("", 200)

    async def _chat(self, request):
        body = await request.json()
        if self.status != 200 or list(body) != ["text"] or not isinstance(body["text"], str):
            return PlainTextResponse("invalid_payload", self.status if self.status != 200 else 400)
        self.texts.append(body["text"])
        return PlainTextResponse("ok")
