"""The answer to a command whose key was used before, made from the record of the first. Pure."""

from typing import Any

from schemas.problems import KEY_REUSED, problem

Again = tuple[str, str | None, str | None, str | None]
"""Who asks again: the request id, trace and reply-to; and the command's type if it asks for
something else under the same key."""


def repeated(first: dict[str, Any], again: Again) -> dict[str, Any]:
    """The first answer, under the request that asks now; or the refusal of a key that is taken."""
    request_id, traceparent, reply_to, other_type = again
    asked_now: dict[str, Any] = {
        "request_id": request_id,
        "traceparent": traceparent,
        "reply_to": reply_to,
    }
    if other_type is None:
        if first["status"] == "rejected":
            asked_now["problem"] = {**first["problem"], "request_id": request_id}
        return {**first, **asked_now}
    key = first["idempotency_key"]
    said = f"Idempotency-Key: {key} was used before, for a command that asks for something else"
    refused = {
        "command_type": other_type,
        "status": "rejected",
        "code": KEY_REUSED.status,
        "resource": None,
        "body": None,
        "problem": problem(KEY_REUSED, said, pointer="Idempotency-Key", request_id=request_id),
    }
    return {**first, **asked_now, **refused}
