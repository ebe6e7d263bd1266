"""manage.py discover CIDR: ask every address with the known credentials and make targets of what answers."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cmdb.models import Organisation
from monitoring import discovery
from monitoring.models import Credential


class Command(BaseCommand):
    help = "Finds SNMP devices in a network and makes targets of them. At most 4,096 addresses at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cidr", metavar="CIDR", help="for instance 10.20.0.0/24")
        parser.add_argument("--dry-run", action="store_true", help="only say what was found")
        parser.add_argument(
            "--organisation", metavar="SLUG", help="owner of new targets whose item is not known"
        )
        parser.add_argument(
            "--credential", metavar="NAME", action="append", help="ask only with these (default: all)"
        )
        parser.add_argument(
            "--port", type=int, action="append", help="default: 161 and the ports of known targets"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = self._organisation(options["organisation"])
        ports = options["port"]
        if any(not 0 < port < 65536 for port in ports or ()):
            raise CommandError("A port is a number from 1 to 65535.")
        try:
            found = discovery.discover(
                options["cidr"], self._credentials(options["credential"]), ports, organisation
            )
        except discovery.DiscoveryError as error:
            raise CommandError(str(error)) from None
        made = [] if options["dry_run"] else discovery.make_targets(found, organisation)
        if options["json"]:
            new = {target.address: target.pk for target in made}
            rows = [one.as_data() | {"made": new.get(one.address)} for one in found]
            self.stdout.write(json.dumps({"network": options["cidr"], "found": rows, "made": len(made)}))
            return
        for one in found:
            state = "known" if one.target else f"item {one.item}" if one.item else "new"
            who = one.identity
            self.stdout.write(
                f"{one.address}:{one.port}  {one.name}  {who.profile.name}  {who.vendor} {who.model}  ({state})".rstrip()
            )
        self.stdout.write(discovery.summary(found, made))

    def _organisation(self, slug: str | None) -> Organisation | None:
        if slug is None:
            return None
        found: Organisation | None = Organisation.objects.filter(slug=slug).first()
        if found is None:
            raise CommandError(f"There is no organisation “{slug}”.")
        return found

    def _credentials(self, names: list[str] | None) -> list[Credential] | None:
        if not names:
            return None
        found = list(Credential.objects.filter(name__in=names))
        missing = set(names) - {credential.name for credential in found}
        if missing:
            raise CommandError(f"There is no credential “{min(missing)}”.")
        return found
