"""Helpers on django-ninja: who calls, lists with a cursor, problem documents.

api = NinjaAPI(auth=[Bearer(ApiToken.user_of), Session()])
install_problems(api)

@api.get("/items", response=page_of(ItemOut), openapi_extra=list_parameters(ItemFilter, ORDER))
def items(request):
    return listing(request, Item.objects.visible_to(request.user), ItemFilter, order=ORDER)
"""

import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F, ProtectedError, QuerySet
from django.http import Http404, HttpRequest, QueryDict
from django.utils.translation import gettext as _
from ninja import Field, NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as SchemaError
from ninja.parser import Parser
from ninja.security import HttpBearer, SessionAuth

from cmdb.common import links, openapi
from cmdb.common.caller import token_refused
from cmdb.common.filters import FastFilterSet
from cmdb.common.problems import Problem, problem_response
from cmdb.common.tables.head import address
from cmdb.common.tables.paging import after, bounded_count, read_cursor, sort_keys, total_order, write_cursor

LIMIT, MOST = 100, 500
COUNT_LIMIT = 10_000
OWN = ("limit", "cursor", "ordering")
_CURSOR = "As the list's own `next` holds it."
log = logging.getLogger(__name__)


# --- who calls


class Bearer(HttpBearer):
    """``Authorization: Bearer TOKEN``; ``lookup`` gives the active person of a token, or None."""

    def __init__(self, lookup: Callable[[str], Any]) -> None:
        super().__init__()
        self.lookup = lookup

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Make the person the request's user, so that everything below sees the same one."""
        user = self.lookup(token.strip()) if token.strip() else None
        if user is None:
            token_refused.send(type(self))
        else:
            request.user = user
        return user


class Session(SessionAuth):
    """The browser's session, with the CSRF check, for the documentation page and our own scripts."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The signed-in, active person."""
        user = request.user
        return user if user.is_authenticated and user.is_active else None


# --- lists


class ArchiveIn(Schema):
    """Why a row is archived, for those who find it later."""

    because: str = Field("", max_length=200)


def page_of(item: Any) -> type[Schema]:
    """Envelope schema of a list: ``{"count", "next", "results"}``."""
    fields = {"count": int | None, "next": str | None, "results": list[item]}
    return type(f"{item.__name__}Page", (Schema,), {"__annotations__": fields, "__module__": item.__module__})


def list_parameters(filterset: type[FastFilterSet] | None, order: Mapping[str, str]) -> dict[str, Any]:
    """``openapi_extra`` of a list: limit, cursor, ordering and the filters."""
    found: list[dict[str, Any]] = [
        {"name": "limit", "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}},
        {"name": "cursor", "schema": {"type": "string", "x-names": "next"}, "description": _CURSOR},
        {"name": "ordering", "schema": openapi.ordering(order)},
    ]
    if filterset is not None:
        found += [
            openapi.parameter(name, one)
            for name, one in filterset.base_filters.items()
            if name != "q" or filterset.searches()
        ]
    return {"parameters": [{"in": "query", "required": False, **one} for one in found]}


def listing(
    request: HttpRequest,
    queryset: QuerySet[Any],
    filterset: type[FastFilterSet] | None = None,
    *,
    order: Mapping[str, str],
    default: str | Sequence[str] = "",
    serialize: Callable[[Any], Any] | None = None,
    count_limit: int = COUNT_LIMIT,
) -> dict[str, Any]:
    """One page of ``queryset`` (already narrowed) as ``{"count", "next", "results"}``.

    ``order`` maps the names that ``ordering`` may hold to ORM paths; ``default`` is an ordering in these names
    (default: the queryset's own). ``count`` is None above ``count_limit``. Anything unknown or wrong in the
    address is a Problem 422, so that a slip is not answered by everything.
    """
    rows = _filtered(request, queryset, filterset)
    rows = total_order(_ordered(rows, request.GET.get("ordering") or default, order))
    limit = _limit(request)
    total = bounded_count(rows, count_limit)
    keys = sort_keys(rows)
    cursor = request.GET.get("cursor")
    at = read_cursor(cursor, keys)
    if cursor and (at is None or at[1]):
        sentence = _("The cursor is broken, or was made for another order.")
        raise Problem(422, _("Wrong cursor"), sentence, errors={"cursor": [sentence]})
    page = rows.filter(after(keys, at[0])) if at else rows
    page = page.annotate(**{f"_key{i}": F(key.path) for i, key in enumerate(keys)})
    found = list(page.order_by(*(key.order(False) for key in keys))[: limit + 1])
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        values = [getattr(last, f"_key{i}") for i in range(len(keys))]
        query = address(request.GET, cursor=write_cursor(keys, values, False))
        following = links.own(request.path + query)
    results = found[:limit]
    return {
        "count": None if total.more else total.n,
        "next": following,
        "results": [serialize(row) for row in results] if serialize else results,
    }


def _filtered(
    request: HttpRequest, queryset: QuerySet[Any], filterset: type[FastFilterSet] | None
) -> QuerySet[Any]:
    """Rows that the filters leave; wrong and unknown ones are told."""
    _readable(request.GET)
    used = filterset(request.GET, queryset, request=request) if filterset else None
    known = {*OWN, *(used.filters if used is not None else ())}
    unknown = sorted(set(request.GET) - known)
    if unknown:
        raise Problem(
            422, _("Unknown filter"), errors={name: [_("There is no such filter.")] for name in unknown}
        )
    if used is None:
        return queryset
    wrong = {name: list(map(str, errors)) for name, errors in used.form.errors.items()} | _no_booleans(
        request, used
    )
    if wrong:
        raise Problem(422, _("Wrong filter"), errors=wrong)
    return used.qs


def _readable(query: QueryDict) -> None:
    """NUL ends a text in the database: it is no part of any value."""
    wrong = [name for name, values in query.lists() if "\x00" in name or any("\x00" in one for one in values)]
    if wrong:
        sentence = _("Null characters are not allowed.")
        raise Problem(422, _("Wrong input"), errors={name.replace("\x00", ""): [sentence] for name in wrong})


def _no_booleans(request: HttpRequest, used: FastFilterSet) -> dict[str, list[str]]:
    """Django's field takes any other word for nothing asked, and would answer by everything."""
    sentence = _("Write true or false.")
    return {
        name: [sentence]
        for name, one in used.filters.items()
        if isinstance(one.field, forms.NullBooleanField)
        and request.GET.get(name, "").lower() not in ("", "true", "false")
    }


def _ordered(rows: QuerySet[Any], asked: str | Sequence[str], order: Mapping[str, str]) -> QuerySet[Any]:
    names = [n.strip() for n in asked.split(",") if n.strip()] if isinstance(asked, str) else list(asked)
    wrong = [name for name in names if name.removeprefix("-") not in order]
    if wrong or len({name.removeprefix("-") for name in names}) < len(names):
        allowed = _("Use each of these at most once, with a dash for falling: %(names)s") % {
            "names": ", ".join(order)
        }
        raise Problem(422, _("Wrong order"), errors={"ordering": [allowed]})
    paths = [f"-{order[n[1:]]}" if n.startswith("-") else order[n] for n in names]
    return rows.order_by(*paths) if paths else rows


def _limit(request: HttpRequest) -> int:
    asked = request.GET.get("limit", str(LIMIT))
    if not (asked.isascii() and asked.isdigit() and len(asked) < 7 and 1 <= int(asked) <= MOST):
        raise Problem(422, _("Wrong limit"), _("limit is a number from 1 to %(most)s.") % {"most": MOST})
    return int(asked)


# --- bodies


class StrictParser(Parser):
    """JSON as its standard says, no deeper than anything here needs, without NUL, which the database can not take."""

    DEEPEST = 32

    def parse_body(self, request: HttpRequest) -> Any:
        """The body; ValueError where it is none, which ninja answers with 400."""
        return self._fit(json.loads(request.body, parse_constant=_no_number, parse_float=_finite), 0)

    def _fit(self, value: Any, depth: int) -> Any:
        if depth > self.DEEPEST:
            raise ValueError("nested too deeply")
        if isinstance(value, str):
            return value.replace("\x00", "")
        if isinstance(value, list):
            return [self._fit(one, depth + 1) for one in value]
        if isinstance(value, dict):
            return {self._fit(key, depth): self._fit(one, depth + 1) for key, one in value.items()}
        return value


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_number(digits)


# --- problems


def install_problems(api: NinjaAPI) -> None:
    """Answer every error of ``api`` with a problem document."""

    def on(kind: type[Exception], make: Callable[[Any], Problem]) -> None:
        def handle(request: HttpRequest, error: Any) -> Any:
            return problem_response(request, make(error))

        api.add_exception_handler(kind, handle)

    on(Problem, lambda error: error)
    on(Http404, lambda _error: Problem(404, _("Not found")))
    on(PermissionDenied, lambda _error: Problem(403, _("Not allowed")))
    on(AuthenticationError, lambda _error: Problem(401, _("Sign in"), _("A valid bearer token is needed.")))
    on(ProtectedError, lambda error: Problem(409, _("Not deleted"), str(error.args[0])))
    on(HttpError, lambda error: Problem(error.status_code, str(error)))
    on(SchemaError, lambda error: Problem(422, _("Wrong input"), errors=_schema_errors(error)))
    on(ValidationError, lambda error: Problem(422, _("Wrong input"), errors=_django_errors(error)))
    on(Exception, _unforeseen)


def _unforeseen(error: Exception) -> Problem:
    """The caller learns nothing of our insides; the log does."""
    log.error("API call failed", exc_info=error)
    return Problem(500, _("Something failed here"), _("The fault is logged. Try again later."))


def _schema_errors(error: SchemaError) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in error.errors:
        place = [
            str(part)
            for part in one.get("loc", ())
            if part not in ("body", "payload", "query", "path", "data")
        ]
        found.setdefault(".".join(place) or "body", []).append(str(one.get("msg", "")))
    return found


def _django_errors(error: ValidationError) -> dict[str, list[str]]:
    return dict(error.message_dict) if hasattr(error, "error_dict") else {"__all__": list(error.messages)}
