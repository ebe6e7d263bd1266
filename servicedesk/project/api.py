"""The root of the API: /api/v1/ with its description, and every floor's operations. Errors are RFC 9457 problem documents."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.db import DataError
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path, re_path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.openapi.docs import Swagger
from pydantic import ValidationError as FormError

from cmdb.common.api import Bearer, Session, StrictParser, install_problems
from cmdb.common.openapi import DescribedAPI
from cmdb.common.problems import Problem, problem_response
from cmdb.models import ApiToken
from servicedesk.workflow import MoveRefused

log = logging.getLogger(__name__)


class Docs(Swagger):
    """The description as a page whose scripts come from here. Ninja is no installed app: it would cost every process
    a fifth of its start, and for one that is none ninja itself would send browsers to a foreign server."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """Ninja's own template, with the address of the description in it."""
        options = json.dumps(self.settings | {"url": self.get_openapi_url(api, kwargs)}, indent=1)
        return render(request, self.template, {"swagger_settings": options, "api": api, "add_csrf": True})


api = DescribedAPI(
    title="Samdrift",
    version="1",
    description=(
        "Service desk, configuration database, monitoring and service level reporting. "
        "`Authorization: Bearer TOKEN`; `manage.py api_token USERNAME` prints a token. Lists answer "
        "`{count, next, results}`; follow `next` for more. Errors are problem documents (RFC 9457)."
    ),
    auth=[Bearer(ApiToken.user_of), Session()],
    urls_namespace="api",
    docs=Docs(),
    parser=StrictParser(),
    patterns={
        "reference": {"pattern": r"^[A-Za-z]{3}-[0-9]{1,12}$"},
        "key": {"minimum": 1, "maximum": 2**53},
        "month": {"pattern": r"^2[01][0-9]{2}-(0[1-9]|1[0-2])$"},
    },
)
install_problems(api)

for _floor in ("cmdb.api", "monitoring.api", "sla.api", "servicedesk.api"):
    if find_spec(_floor) is not None:
        api.add_router("", import_module(_floor).router)


@api.exception_handler(MoveRefused)
def _refused(request: HttpRequest, error: MoveRefused) -> HttpResponse:
    """409: it does not go in this state; 422 where a value is missing."""
    sentence = str(error.sentence)
    if error.field:
        return problem_response(
            request, Problem(422, _("Wrong input"), sentence, errors={error.field: [sentence]})
        )
    return problem_response(request, Problem(409, _("Does not go now"), sentence))


@api.exception_handler(RequestDataTooBig)
@api.exception_handler(TooManyFieldsSent)
def _too_big(request: HttpRequest, _error: Exception) -> HttpResponse:
    return problem_response(
        request, Problem(413, _("Too large"), _("The request is larger than this takes."))
    )


@api.exception_handler(DataError)
def _out_of_range(request: HttpRequest, error: DataError) -> HttpResponse:
    """A value that passed every check and that the database can not hold: the caller's, so no fault of ours."""
    log.warning("API call with a value that the database refused", exc_info=error)
    return problem_response(request, Problem(422, _("Wrong input"), _("A value is out of range.")))


@api.exception_handler(ProtectedError)
def _in_use(request: HttpRequest, _error: ProtectedError) -> HttpResponse:
    return problem_response(request, Problem(409, _("In use"), _("Other rows depend on it.")))


@api.exception_handler(FormError)
def _wrong_form(request: HttpRequest, error: FormError) -> HttpResponse:
    found: dict[str, list[str]] = {}
    for one in error.errors():
        found.setdefault(".".join(map(str, one["loc"])) or "body", []).append(one["msg"])
    return problem_response(request, Problem(422, _("Wrong input"), errors=found))


@csrf_exempt
def _unknown(request: HttpRequest) -> HttpResponse:
    return problem_response(request, Problem(404, _("Not found")))


def _root(request: HttpRequest) -> HttpResponse:
    """Where to read on; needs no token."""
    here = request.path
    return JsonResponse(
        {"title": api.title, "version": api.version, "docs": f"{here}docs", "openapi": f"{here}openapi.json"}
    )


def _telling(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Ninja answers a wrong method in plain text of its own."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code != 405:
            return response
        told = problem_response(request, Problem(405, _("Method not allowed")))
        told["Allow"] = response.get("Allow", "")
        return told

    return inner


_operations = api.urls[0]
for _pattern in _operations:
    if _pattern.callback is not None:
        _pattern.callback = _telling(_pattern.callback)

urlpatterns = [path("", _root), *_operations, re_path(r"", _unknown)]
