"""The wire formats beside chat completions and messages, and Azure's addresses for OpenAI's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from aiohttp import web

from causal_eval.mock.door import Door
from causal_eval.mock.gemini_wire import GeminiWire
from causal_eval.mock.responses_wire import ResponsesWire
from causal_eval.mock.wire import Asked, Json, OpenAIWire, Problem, Said, Wire

_DEPLOYMENTS = "/deployments/"


@dataclass(frozen=True, slots=True)
class Azure:
    """OpenAI's *wire* at Azure's *path*, which may name the deployment."""

    wire: Wire
    path: str

    @property
    def statuses(self) -> Mapping[str, int]:
        """The wire's."""
        return self.wire.statuses

    def read(self, body: Json, path: str) -> Asked:
        """What the wire reads, under the deployment's name."""
        asked = self.wire.read(body, path)
        _, found, rest = path.partition(_DEPLOYMENTS)
        return replace(asked, model=unquote(rest.partition("/")[0])) if found else asked

    def reply(self, said: Said) -> Json:
        """The wire's."""
        return self.wire.reply(said)

    def stream(self, said: Said) -> Iterator[bytes]:
        """The wire's."""
        return self.wire.stream(said)

    def error(self, problem: Problem) -> Json:
        """The wire's."""
        return self.wire.error(problem)


FURTHER: tuple[Wire, ...] = (
    ResponsesWire(),
    GeminiWire(),
    Azure(OpenAIWire(), "/openai/deployments/{deployment}/chat/completions"),
    Azure(ResponsesWire(), "/openai/responses"),
    Azure(OpenAIWire(), "/openai/v1/chat/completions"),
    Azure(ResponsesWire(), "/openai/v1/responses"),
)


def further_routes(door: Callable[[Wire], Door]) -> list[web.RouteDef]:
    """A route for each of them, behind the *door* of its own."""
    return [web.post(wire.path, door(wire).serve) for wire in FURTHER]
