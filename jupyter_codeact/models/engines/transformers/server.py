"""A server of OpenAI's chat protocol on loopback, for one model."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from .choice import open_generator
from .generation import BrokenError, GenerationRequest, Generator
from .loading import LoadedModel
from .settings import Settings
from .text import Decoder, UnsupportedContentError, encode

_MAX_BODY = 64 << 20
_UNSUPPORTED = ("tools", "functions", "response_format", "logprobs", "logit_bias", "audio")
_log = logging.getLogger(__name__)


class ChatRequest(BaseModel):
    """The fields of a request that matter here; others of the protocol are ignored."""

    model_config = ConfigDict(extra="allow")

    messages: list[dict[str, Any]] = Field(min_length=1)
    model: str | None = None
    stream: bool = False
    stream_options: dict[str, Any] | None = None
    stop: str | list[str] | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = None
    n: int | None = None
    seed: int | None = None
    chat_template_kwargs: dict[str, Any] | None = None


class RefusedError(Exception):
    """A request that is refused, with the fields of the protocol's error."""

    def __init__(self, status: int, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = {
            "message": message,
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        } | fields


@dataclass
class Service:
    """What the handlers share."""

    loaded: LoadedModel
    generator: Generator
    name: str
    api_key: str


async def serve(loaded: LoadedModel, settings: Settings, ready: Callable[[int], None]) -> None:
    """Serve a model for ever on a free port of the loopback address; ``ready`` is called with the port."""
    generator = await asyncio.to_thread(open_generator, loaded)
    sockets = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(
        application(Service(loaded, generator, settings["name"], settings["api_key"])),
        max_body_size=_MAX_BODY,
    )
    server.add_sockets(sockets)
    ready(sockets[0].getsockname()[1])
    await asyncio.Event().wait()


def application(service: Service) -> Application:
    """Return the web application. It allows no other origins, and nothing without the key."""
    return Application(
        [
            (r"/(?:v1/)?models", Models, {"service": service}),
            (r"/(?:v1/)?health", Health, {"service": service}),
            (r"/(?:v1/)?chat/completions", Chat, {"service": service}),
        ],
        default_handler_class=NotFound,
        default_handler_args={"service": service},
        log_function=lambda handler: None,
    )


class _Handler(RequestHandler):
    def initialize(self, service: Service) -> None:
        self.service = service

    def prepare(self) -> None:
        """Refuse a request without the key."""
        sent = self.request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(sent.encode(), self.service.api_key.encode()):
            self.refuse(RefusedError(401, "The API key is missing or wrong.", code="invalid_api_key"))

    def refuse(self, refused: RefusedError) -> None:
        self.set_status(refused.status)
        self.finish({"error": refused.error})

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.refuse(
            RefusedError(status_code, self._reason, type="server_error" if status_code >= 500 else None)
        )


class NotFound(_Handler):
    """All other addresses."""

    def prepare(self) -> None:
        """Refuse the request, whether or not it has the key."""
        super().prepare()
        if not self._finished:
            self.refuse(RefusedError(404, "There is nothing at this address."))


class Health(_Handler):
    """A sign that the server runs."""

    def get(self) -> None:
        self.finish({"status": "ok"})


class Models(_Handler):
    """The list of models, with one entry."""

    def get(self) -> None:
        service = self.service
        model = {"id": service.name, "object": "model", "created": 0, "owned_by": "transformers"}
        model["max_model_len"] = service.loaded.context
        model["input_modalities"] = ["text", "image"] if service.loaded.processor else ["text"]
        self.finish({"object": "list", "data": [model]})


class Chat(_Handler):
    """A reply to a conversation."""

    _work: asyncio.Task[None] | None = None
    _disconnected = False

    async def post(self) -> None:
        # A task of its own, because the handler's own cannot be cancelled when the client leaves.
        self._work = asyncio.create_task(self._reply())
        try:
            await self._work
        except asyncio.CancelledError:
            if not self._disconnected:
                raise
        except StreamClosedError:
            pass  # the client left between two pieces

    def on_connection_close(self) -> None:
        self._disconnected = True
        if self._work is not None:
            self._work.cancel()

    async def _reply(self) -> None:
        try:
            request = self._parse()
            prompt = await asyncio.to_thread(self._encode, request)
            await (self._stream if request.stream else self._whole)(request, prompt)
        except RefusedError as refused:
            self._send_error(refused)
        except BrokenError as error:
            _log.critical("The engine broke: %s", error)
            self._send_error(RefusedError(500, f"The engine broke: {error}.", type="server_error"))
            os._exit(1)  # the parent starts another one
        except (RuntimeError, MemoryError) as error:
            _log.exception("A reply failed")
            self._send_error(RefusedError(500, f"The reply failed: {error}", type="server_error"))

    def _send_error(self, refused: RefusedError) -> None:
        if self._headers_written:
            self.finish(f"data: {json.dumps({'error': refused.error})}\n\n")
        else:
            self.refuse(refused)

    def _parse(self) -> ChatRequest:
        try:
            request = ChatRequest.model_validate_json(self.request.body)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise RefusedError(
                400, f"{where or 'The request'}: {first['msg']}.", param=where or None
            ) from error
        if request.model not in (None, self.service.name):
            raise RefusedError(
                404,
                f"There is no model {request.model!r} here, only {self.service.name!r}.",
                param="model",
                code="model_not_found",
            )
        extra = request.model_extra or {}
        unknown = [name for name in _UNSUPPORTED if extra.get(name)]
        unknown += ["n"] if request.n not in (None, 1) else []
        unknown += ["top_p"] if request.top_p not in (None, 1) else []
        if unknown:
            raise RefusedError(
                400,
                f"This engine does not support {unknown[0]}.",
                param=unknown[0],
                code="unsupported_parameter",
            )
        return request

    def _encode(self, request: ChatRequest) -> GenerationRequest:
        context = self.service.loaded.context
        try:
            tokens, images = encode(self.service.loaded, request.messages, request.chat_template_kwargs)
        except UnsupportedContentError as error:
            raise RefusedError(400, f"{error}.", param="messages", code="unsupported_content") from error
        if len(tokens) >= context:
            raise RefusedError(
                400,
                f"The maximum context length is {context} tokens, and the messages have {len(tokens)}.",
                param="messages",
                code="context_length_exceeded",
                n_prompt_tokens=len(tokens),
                n_ctx=context,
            )
        wanted = request.max_completion_tokens or request.max_tokens or context
        return GenerationRequest(
            tokens=tokens,
            max_tokens=min(wanted, context - len(tokens)),
            temperature=1.0 if request.temperature is None else request.temperature,
            seed=secrets.randbits(31) if request.seed is None else request.seed,
            images=images,
        )

    async def _pieces(
        self, request: ChatRequest, prompt: GenerationRequest
    ) -> AsyncGenerator[tuple[str, str | None, dict[str, Any]]]:
        """Yield text, the finish reason, and the cost so far."""
        stops = [request.stop] if isinstance(request.stop, str) else request.stop or []
        decoder = Decoder(self.service.loaded.tokenizer, stops)
        count = 0
        async with aclosing(self.service.generator.generate(prompt)) as steps:
            async for step in steps:
                count += len(step.tokens)
                text = decoder.add(step.tokens)
                finish = "stop" if decoder.stopped else step.finish
                if finish and not decoder.stopped:
                    text += decoder.rest()
                yield text, finish, _usage(len(prompt.tokens), step.cached, count)
                if finish:
                    return

    async def _stream(self, request: ChatRequest, prompt: GenerationRequest) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        counted = bool((request.stream_options or {}).get("include_usage"))
        chunk = self._frame("chat.completion.chunk")
        role: dict[str, Any] = {"role": "assistant"}
        async with aclosing(self._pieces(request, prompt)) as pieces:
            async for text, finish, usage in pieces:
                if not text and finish is None:
                    continue
                choice = {"index": 0, "delta": role | {"content": text}, "finish_reason": finish}
                role = {}
                await self._send(chunk | {"choices": [choice]} | ({"usage": usage} if counted else {}))
        if counted:
            await self._send(chunk | {"choices": [], "usage": usage})
        await self.finish("data: [DONE]\n\n")

    async def _send(self, event: dict[str, Any]) -> None:
        self.write(f"data: {json.dumps(event)}\n\n")
        await self.flush()

    async def _whole(self, request: ChatRequest, prompt: GenerationRequest) -> None:
        async with aclosing(self._pieces(request, prompt)) as pieces:
            written = [piece async for piece in pieces]
        _, finish, usage = written[-1]
        message = {"role": "assistant", "content": "".join(text for text, _, _ in written)}
        choice = {"index": 0, "message": message, "finish_reason": finish}
        await self.finish(self._frame("chat.completion") | {"choices": [choice], "usage": usage})

    def _frame(self, kind: str) -> dict[str, Any]:
        identity = f"chatcmpl-{secrets.token_hex(12)}"
        return {"id": identity, "object": kind, "created": int(time.time()), "model": self.service.name}


def _usage(prompt: int, cached: int, written: int) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": written,
        "total_tokens": prompt + written,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
