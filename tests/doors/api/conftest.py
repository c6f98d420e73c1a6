"""How errors look at the REST door."""

from __future__ import annotations

from typing import Any


def assert_problem(response: Any, slug: str, status: int) -> dict[str, Any]:
    """The answer is that problem, in RFC 9457's shape; returns the document."""
    assert response.status_code == status, response.content[:500]
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["type"] == f"urn:ruhu:problem:{slug}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["instance"].startswith("/api/")
    return body
