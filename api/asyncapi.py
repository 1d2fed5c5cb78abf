"""The AsyncAPI document: every topic, what its messages are, and which headers they carry."""

from functools import cache
from html import escape
from typing import Any, Final, Union

import orjson
from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI
from pydantic import BaseModel

from api.answers import JSON
from schemas.commands import COMMANDS
from schemas.envelope import HEADERS, Envelope
from schemas.events import EVENTS, EventHeaders
from schemas.results import Result
from schemas.settings import Settings
from schemas.topics import (
    MODULES,
    commands_topic,
    consumer_group,
    deadletter_topic,
    events_topic,
    results_topic,
)

Document = dict[str, Any]

SERVER: Final = "localhost:9092"
_DESCRIPTION: Final = """Commands go in, keyed by what they must stay in order with; each is applied
once, by its Idempotency-Key. Every command that can be read gets one result; what it changed is told
as CloudEvents in Kafka's binary mode. What cannot be read goes to the dead letters."""
_RESULT_HEADERS: Final = (
    "Request-Id",
    "Idempotency-Key",
    "Source-System",
    "Tenant-Id",
    "traceparent",
)


def document(settings: Settings) -> Document:
    """The AsyncAPI 3.0 document of all topics under the configured prefix."""
    broker = KafkaBroker(SERVER, specification_url=settings.kafka_bootstrap_servers or SERVER)
    headers: dict[str, Document] = {}
    for module in MODULES:
        _declare_commands(broker, settings.topic_prefix, module, headers)
        _declare_events(broker, settings.topic_prefix, module, headers)
    _declare_answers(broker, settings.topic_prefix, headers)
    specification = AsyncAPI(
        broker, title="Stockyard", version="1", description=_DESCRIPTION, schema_version="3.0.0"
    ).to_specification()
    made: Document = orjson.loads(specification.to_json())
    _put_headers(made, headers)
    return made


def _declare_commands(
    broker: KafkaBroker, prefix: str, module: str, headers: dict[str, Document]
) -> None:
    kinds = [kind for kind in COMMANDS.values() if module == kind.MODULE]
    if not kinds:
        return
    title = f"commands.{module}"

    async def apply(command: object) -> None:
        """Declare the payload; the workers themselves read in batches, see consumers.worker."""

    apply.__annotations__ = {"command": _any_of(kinds)}
    broker.subscriber(
        commands_topic(prefix, module),
        group_id=consumer_group(prefix, module),
        auto_offset_reset="earliest",
        title=title,
        description=" ".join(f"`{kind.TYPE}`: {_first_line(kind)}" for kind in kinds),
    )(apply)
    schema = Envelope.model_json_schema()
    schema["properties"]["Command-Type"]["enum"] = [kind.TYPE for kind in kinds]
    schema["required"].remove("Tenant-Id")
    headers[title] = schema


def _declare_events(
    broker: KafkaBroker, prefix: str, module: str, headers: dict[str, Document]
) -> None:
    kinds = [kind for kind in EVENTS.values() if module in kind.MODULES]
    if not kinds:
        return
    title = f"events.{module}"
    broker.publisher(
        events_topic(prefix, module),
        title=title,
        schema=_any_of(kinds),
        description=" ".join(f"`{kind.TYPE}`: {_first_line(kind)}" for kind in kinds),
    )
    schema = EventHeaders.model_json_schema()
    schema["properties"]["ce_type"]["enum"] = [kind.TYPE for kind in kinds]
    headers[title] = schema


def _declare_answers(broker: KafkaBroker, prefix: str, headers: dict[str, Document]) -> None:
    broker.publisher(
        results_topic(prefix),
        title="results",
        schema=Result,
        description="One for each command message that could be read, keyed by Idempotency-Key; "
        "also sent to the topic that the command names in Reply-To.",
    )
    known = Envelope.model_json_schema()["properties"]
    headers["results"] = {
        "type": "object",
        "properties": {name: known[name] for name in _RESULT_HEADERS},
        "required": list(_RESULT_HEADERS[:-1]),
    }
    broker.publisher(
        deadletter_topic(prefix),
        title="deadletter",
        schema=bytes,
        description="Records that no command can be made of: key, value and headers as they came.",
    )
    added = ["dlq-reason", "dlq-attempts", "dlq-first-failed-at"]
    headers["deadletter"] = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in (*HEADERS, *added)},
        "required": added,
    }


def _any_of(kinds: list[Any]) -> Any:  # noqa: ANN401  # a type has no type to be named by
    return Union[tuple(kinds)]  # noqa: UP007  # made from a list


def _first_line(kind: type[BaseModel]) -> str:
    return (kind.__doc__ or "").partition("\n")[0]


def _put_headers(made: Document, headers: dict[str, Document]) -> None:
    """Put in the headers, of which FastStream knows nothing."""
    for name, message in made["components"]["messages"].items():
        schema = headers[name.partition(":")[0]]
        message["headers"] = schema
        if "Request-Id" in schema["properties"]:
            message["correlationId"] = {"location": "$message.header#/Request-Id"}


def pages(settings: Settings) -> APIRouter:
    """The document over HTTP, for programs and for people."""
    router = APIRouter(include_in_schema=False)

    @cache
    def made() -> Document:
        return document(settings)

    @router.get("/asyncapi.json")
    async def as_json() -> Response:
        return Response(orjson.dumps(made()), media_type=JSON)

    @router.get("/asyncapi")
    async def as_html() -> Response:
        return HTMLResponse(_page(made()))

    return router


def _page(made: Document) -> str:
    """The document for people: no scripts, nothing fetched from elsewhere."""
    channels = "".join(_section(made, name) for name in made["channels"])
    schemas = "".join(
        f"<details id='{escape(name)}'><summary>{escape(name)}</summary>{_code(schema)}</details>"
        for name, schema in sorted(made["components"]["schemas"].items())
    )
    return (
        "<!doctype html><meta charset=utf-8><title>Stockyard's messages</title>"
        "<style>body{font:16px system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "pre{overflow:auto;background:#8881;padding:1rem}</style>"
        f"<h1>Stockyard's messages</h1><p>{escape(_DESCRIPTION)}</p>"
        "<p>For programs: <a href='asyncapi.json'>asyncapi.json</a></p>"
        f"{channels}<h2>Schemas</h2>{schemas}"
    )


def _section(made: Document, name: str) -> str:
    channel = made["channels"][name]
    actions = [each["action"] for key, each in made["operations"].items() if key == name]
    messages = [
        message
        for key, message in made["components"]["messages"].items()
        if key.partition(":")[0] == name
    ]
    return (
        f"<h2>{escape(channel['address'])}</h2>"
        f"<p>Stockyard {'reads' if 'receive' in actions else 'writes'} this topic. "
        f"{escape(channel.get('description') or '')}</p>"
        + "".join(
            f"<details><summary>message</summary>{_code(each)}</details>" for each in messages
        )
    )


def _code(content: Document) -> str:
    return f"<pre>{escape(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())}</pre>"
