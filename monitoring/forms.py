"""Forms of monitoring. Secrets go in and never come out again."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cmdb.common.forms import ScopedModelForm
from monitoring import topology
from monitoring.asking import UnaskableError, auth_of, literal
from monitoring.models import CheckKind, Credential, CredentialKind, Target

_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")


class TargetForm(ScopedModelForm):
    """What is asked, how, and through what it is reached."""

    pick = {"item": "cmdb:item_pick", "parent": "monitoring:target_pick"}

    class Meta:
        model = Target
        fields = (
            "name",
            "organisation",
            "check_kind",
            "address",
            "port",
            "path",
            "credential",
            "item",
            "parent",
            "interval",
            "confirm_polls",
            "is_enabled",
            "ssh_credential",
            "ssh_port",
        )
        help_texts = {
            "address": _("An IP address, or a name that this machine can resolve."),
            "port": _("161 for SNMP, 443 for a web page."),
            "path": _("For a web page: what is asked for, for instance /health."),
            "parent": _("While that one is down, this one is in its shadow and alerts nobody."),
            "interval": _("Seconds between two polls; at least 5."),
            "ssh_credential": _("With an SSH login the running configuration is fetched every night."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, kinds in (
            ("credential", (CredentialKind.SNMP_V2C, CredentialKind.SNMP_V3)),
            ("ssh_credential", (CredentialKind.SSH,)),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            assert field.queryset is not None
            field.queryset = field.queryset.filter(kind__in=kinds).defer("secret")

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"]).strip()
        if not literal(address) and not _NAME.fullmatch(address):
            raise ValidationError(_("This is neither an IP address nor a host name."))
        return address

    def _port(self, name: str) -> int:
        port = int(self.cleaned_data[name])
        if not 0 < port < 65536:
            raise ValidationError(_("A port is a number from 1 to 65535."))
        return port

    def clean_port(self) -> int:
        return self._port("port")

    def clean_ssh_port(self) -> int:
        return self._port("ssh_port")

    def clean_interval(self) -> int:
        interval = int(self.cleaned_data["interval"])
        if not 5 <= interval <= 86_400:
            raise ValidationError(_("From 5 seconds to a day."))
        return interval

    def clean_confirm_polls(self) -> int:
        polls = int(self.cleaned_data["confirm_polls"])
        if not 1 <= polls <= 20:
            raise ValidationError(_("From 1 to 20."))
        return polls

    def clean_item(self) -> Any:
        """What was measured counts for the item that it was measured for."""
        item, before = self.cleaned_data["item"], self.initial.get("item")
        if before and (item is None or item.pk != before) and self.instance.intervals.exists():
            raise ValidationError(
                _(
                    "What it measured counts for the item it has. Archive this target, and make one for the other item."
                )
            )
        return item

    def clean(self) -> Any:
        cleaned = super().clean() or {}
        if (
            cleaned.get("check_kind") == CheckKind.SNMP
            and not cleaned.get("credential")
            and "credential" in cleaned
        ):
            self.add_error("credential", _("SNMP needs a credential."))
        parent = cleaned.get("parent")
        if parent is not None and topology.would_circle(self.instance, parent):
            self.add_error("parent", _("That one is reached through this one: it would close a circle."))
        return cleaned

    def save(self, commit: bool = True) -> Any:
        """Another address, or another way of asking, is another device: who it is must be asked anew."""
        if {"address", "port", "check_kind"} & set(self.changed_data):
            self.instance.profile = ""
            self.instance.instances = {}
            self.instance.learnt_at = None
        return super().save(commit)


class CredentialForm(ScopedModelForm):
    """A secret can be entered and replaced; the fields are always empty when the form is shown."""

    SECRETS = (
        "community",
        "user",
        "auth_protocol",
        "auth_key",
        "priv_protocol",
        "priv_key",
        "password",
        "enable",
    )
    NEEDED = {
        CredentialKind.SNMP_V2C: ("community",),
        CredentialKind.SNMP_V3: ("user",),
        CredentialKind.SSH: ("user", "password"),
    }

    community = forms.CharField(
        label=_("Community (SNMP v2c)"), required=False, max_length=200, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    user = forms.CharField(
        label=_("User (SNMP v3, SSH)"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    auth_protocol = forms.ChoiceField(
        label=_("Authentication (SNMP v3)"), required=False,
        choices=[("", "–"), ("SHA1", "SHA-1"), ("SHA256", "SHA-256"), ("MD5", "MD5")],
    )  # fmt: skip
    auth_key = forms.CharField(
        label=_("Authentication key"), required=False, max_length=200, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    priv_protocol = forms.ChoiceField(
        label=_("Privacy (SNMP v3)"),
        required=False,
        choices=[("", "–"), ("AES128", "AES-128"), ("DES", "DES")],
    )
    priv_key = forms.CharField(
        label=_("Privacy key"), required=False, max_length=200, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    password = forms.CharField(
        label=_("Password (SSH)"), required=False, max_length=200, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    enable = forms.CharField(
        label=_("Enable password (SSH)"), required=False, max_length=200, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    class Meta:
        model = Credential
        fields = ("name", "kind", "organisation")

    def clean(self) -> Any:
        cleaned = super().clean() or {}
        kind = cleaned.get("kind")
        given = any(cleaned.get(name) for name in self.SECRETS)
        same_kind = self.instance.pk is not None and self.initial.get("kind") == kind
        if not kind or (same_kind and not given):
            return cleaned  # nothing entered: the secret stays
        for name in self.NEEDED[CredentialKind(kind)]:
            if not cleaned.get(name):
                self.add_error(name, _("This kind of credential needs it."))
        if not self.errors:
            self.instance.secret = self._secret(CredentialKind(kind), cleaned)
            self._try(kind)
        return cleaned

    def _secret(self, kind: CredentialKind, cleaned: dict[str, Any]) -> dict[str, str]:
        if kind == CredentialKind.SNMP_V2C:
            return {"community": cleaned["community"]}
        if kind == CredentialKind.SSH:
            found = {"username": cleaned["user"], "password": cleaned["password"]}
            return found | ({"enable": cleaned["enable"]} if cleaned.get("enable") else {})
        names = ("user", "auth_protocol", "auth_key", "priv_protocol", "priv_key")
        return {name: cleaned.get(name) or "" for name in names}

    def _try(self, kind: str) -> None:
        """A key that no device could accept is told here and not by the first poll."""
        if kind == CredentialKind.SSH:
            return
        try:
            auth_of(Credential(kind=kind, secret=self.instance.secret))
        except UnaskableError as error:
            self.add_error(None, str(error))
