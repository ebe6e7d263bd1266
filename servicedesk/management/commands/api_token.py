"""manage.py api_token USERNAME: make a bearer token for the API and print it once."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cmdb import secondfactor
from cmdb.models import ApiToken, User


class Command(BaseCommand):
    help = "Make an API token for a person and print it; it cannot be read again."
    requires_system_checks: list[str] = []  # pages and their assets are no matter of it

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--label", default="", help="what it is for")
        parser.add_argument("--days", type=int, help="how long it is valid (default: until it is revoked)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no person with the user name {options['username']!r}.")
        if not user.is_active:
            raise CommandError(f"{options['username']} is switched off and cannot use the API.")
        if secondfactor.is_missing(user):
            raise CommandError(
                f"{options['username']} has a role that needs a second factor, and has none yet."
            )
        days = options["days"]
        if days is not None and not 1 <= days <= 3650:
            raise CommandError("--days must be from 1 to 3650.")
        token = ApiToken.issue(user, options["label"][:80])
        until = timezone.now() + timedelta(days=days) if days else None
        if until is not None:
            ApiToken.objects.filter(digest=ApiToken.digest_of(token)).update(expires_at=until)
        shown = {
            "token": token,
            "username": user.username,
            "expires_at": until.isoformat() if until else None,
        }
        self.stdout.write(json.dumps(shown) if options["json"] else token)
