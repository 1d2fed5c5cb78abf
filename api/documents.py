"""How the edge describes itself in OpenAPI: what an endpoint reads by hand is declared here."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict, Field

from api import problems
from api.answers import POSITION_HEADER
from api.problems import MEDIA_TYPE
from schemas.commands import Command
from schemas.envelope import REQUIRED_WRITE_HEADERS, Envelope
from schemas.problems import INVALID, KEY_REUSED, Kind, problem

Document = dict[str, Any]

_REF: Final = "#/components/schemas/{model}"
_SCHEMAS: Final[dict[str, Document]] = {}
"""Schemas that FastAPI does not see; `describe` puts them beside those that it does."""


class Fault(BaseModel):
    """What is wrong, and where: in a header, a query parameter or a place in the body."""

    header: str | None = None
    parameter: str | None = None
    pointer: str | None = Field(default=None, description="JSON pointer into the body (RFC 6901)")
    detail: str


class Problem(BaseModel):
    """Why a request was refused (RFC 9457). Programs tell problems apart by their `type`."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[Fault] | None = None


def schema_of(model: type[BaseModel], *, without: Iterable[str] = ()) -> Document:
    """A reference to the model's schema, less the fields that stand elsewhere."""
    schema = model.model_json_schema(ref_template=_REF)
    _SCHEMAS.update(schema.pop("$defs", {}))
    for name in without:
        schema["properties"].pop(name)
        schema["required"].remove(name)
    _SCHEMAS[model.__name__] = schema
    return {"$ref": _REF.format(model=model.__name__)}


def parameters(model: type[BaseModel]) -> list[Document]:
    """A query model's fields as OpenAPI parameters."""
    schema = model.model_json_schema(ref_template=_REF)
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": field.pop("description", ""),
            "schema": field,
        }
        for name, field in schema["properties"].items()
    ]


def header(name: str, about: str, *, required: bool = False, **schema: object) -> Document:
    """One request header."""
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": about,
        "schema": {"type": "string", **schema},
    }


def tenant_header() -> Document:
    """Whose stock a request is about."""
    return header("Tenant-Id", "the token's tenant; it need not be repeated")


def position_header() -> Document:
    """What a read waits for."""
    return header(
        POSITION_HEADER,
        "read no earlier than this; as a write's answer gave it",
        examples=["512:42"],
    )


def _write_headers() -> list[Document]:
    fields = Envelope.model_json_schema()["properties"]
    about = {
        "Request-Id": "correlates the request with its answer, its events and the log",
        "Idempotency-Key": "the retry key: one key is applied once. A bare token, or a quoted "
        "string (RFC 8941). Unique per tenant and source system; kept for 30 days by default",
        "Actor-Id": "the human or service who acts: the token's subject, or another where the token has `actors.any`",
        "Actor-Type": "what kind of actor that is",
        "Source-System": "the system that sends this, one of the configured list",
    }
    required = [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": about[name],
            "schema": {
                key: fields[name][key] for key in ("type", "pattern", "enum") if key in fields[name]
            },
        }
        for name in REQUIRED_WRITE_HEADERS
    ]
    prefer = "`wait=N`: answer 202 after N seconds; `respond-async`: as soon as the broker has it"
    return [
        *required,
        tenant_header(),
        header("Prefer", prefer, examples=["respond-async", "wait=5"]),
        header("traceparent", "W3C Trace Context; continued on the result and the events"),
    ]


def refused_with(*kinds: Kind) -> dict[int | str, Document]:
    """The responses that these problems make, with an example of each."""
    found: dict[int | str, Document] = {}
    for kind in kinds:
        content = found.setdefault(kind.status, _problem_response())["content"][MEDIA_TYPE]
        example = problem(kind, "what is the matter, in this case", request_id="req-1")
        content["examples"][kind.name] = {"summary": kind.title, "value": example}
    for status, response in found.items():
        if status in {429, 503}:
            response["headers"]["Retry-After"] = _RETRY_AFTER
        response["description"] = "; ".join(
            example["summary"] for example in response["content"][MEDIA_TYPE]["examples"].values()
        )
    return found


def _problem_response() -> Document:
    return {
        "description": "",
        "content": {MEDIA_TYPE: {"schema": schema_of(Problem), "examples": {}}},
        "headers": {"Request-Id": {"schema": {"type": "string"}}},
    }


_RETRY_AFTER: Final[Document] = {
    "description": "seconds until it is worth asking again",
    "schema": {"type": "integer"},
}
_NOT_FOUND: Final = Kind("not-found", 404, "Not Found")
READ_PROBLEMS: Final = refused_with(
    problems.INVALID_HEADERS,
    problems.INVALID_QUERY,
    _NOT_FOUND,
    problems.INTERNAL,
    problems.DATABASE_AWAY,
    problems.NOT_YET_READABLE,
)
_WRITE_PROBLEMS: Final = (
    problems.INVALID_HEADERS,
    problems.NOT_JSON,
    problems.BODY_TOO_SLOW,
    problems.BODY_TOO_LARGE,
    INVALID,
    KEY_REUSED,
    problems.INTERNAL,
    problems.OVERLOADED,
    problems.BUSY,
    problems.BROKER_AWAY,
    problems.OUTCOME_UNKNOWN,
)


class Accepted(BaseModel):
    """A command that is on its way, or decided and not yet readable."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="of the command: 32 hexadecimal digits")
    status: str = Field(examples=["queued"])
    request_id: str


def write_document(
    command: type[Command],
    answer: tuple[int, type[BaseModel]],
    refusals: Iterable[Kind],
    without: Iterable[str] = (),
) -> dict[str, Any]:
    """The keyword arguments that document a write at its route.

    `without` names the command's fields that stand in the path and not in the body.
    """
    code, model = answer
    accepted = {
        "description": "Accepted; the result was not awaited, or is not in or not readable yet",
        "content": {"application/json": {"schema": schema_of(Accepted)}},
        "headers": {
            "Location": {"description": "where to ask", "schema": {"type": "string"}},
            "Retry-After": _RETRY_AFTER,
        },
    }
    return {
        "status_code": code,
        "responses": {
            code: {"model": model, "description": "Applied", "headers": _answer_headers()},
            202: accepted,
            **refused_with(*refusals, *_WRITE_PROBLEMS),
        },
        "openapi_extra": {
            "parameters": _write_headers(),
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": schema_of(command, without=without)}},
            },
        },
    }


def _answer_headers() -> Document:
    about = {
        "Request-Id": "the request's own",
        POSITION_HEADER: "give it to a read, which then sees this write",
        "Location": "of what was created",
        "Idempotency-Replayed": "`true`: the answer to an earlier request with this key",
        "Preference-Applied": "what was honoured of `Prefer`",
    }
    return {
        name: {"description": said, "schema": {"type": "string"}} for name, said in about.items()
    }


def _drop_validation_errors(document: Document) -> None:
    """Take out the answer that FastAPI would give to a bad parameter: ours are problems."""
    for methods in document["paths"].values():
        for operation in methods.values():
            answer = operation["responses"].get("422", {}).get("content", {})
            if "HTTPValidationError" in str(answer.get("application/json")):
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)


def describe(app: FastAPI, complete: Callable[[Document], None]) -> Document:
    """The OpenAPI document, made once; `complete` adds what routes do not know of themselves."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
        )
        _drop_validation_errors(document)
        complete(document)
        known = document.setdefault("components", {}).setdefault("schemas", {})
        for name, schema in _SCHEMAS.items():
            known.setdefault(name, schema)
        app.openapi_schema = document
    return app.openapi_schema
