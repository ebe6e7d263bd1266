"""Errors of the API as RFC 9457 problem documents."""

from typing import Any

from django.http import HttpRequest, JsonResponse

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - the RFC's word
    """An error to tell the caller: ``status``, a short ``title``, a sentence, and errors by field."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        errors: dict[str, list[str]] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(title)
        self.status, self.title, self.detail, self.errors, self.extra = status, title, detail, errors, extra


def problem_response(request: HttpRequest, problem: Problem) -> JsonResponse:
    """``{"type", "title", "status", "detail"?, "instance", "errors"?}``."""
    body: dict[str, Any] = {"type": "about:blank", "title": str(problem.title), "status": problem.status}
    if problem.detail:
        body["detail"] = str(problem.detail)
    body["instance"] = request.path
    if problem.errors:
        body["errors"] = problem.errors
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else None
    return JsonResponse(body | problem.extra, status=problem.status, content_type=MEDIA_TYPE, headers=headers)
