"""Forms of monitoring. Secrets go in and never come out again."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cmdb.common.forms import ScopedModelForm
from monitoring import permitted, topology
from monitoring.asking import UnaskableError, auth_of
from monitoring.egress import addresses
from monitoring.models import CheckKind, Credential, CredentialKind, Network, NetworkUse, Target


class NetworksField(forms.CharField):
    """Networks as text, one on a line, to a list in their one proper form."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            value = "\n".join(value)
        found = []
        for word in re.split(r"[\s,;]+", str(value or "").strip()):
            if not word:
                continue
            network = addresses.network(word)
            if network is None:
                raise ValidationError(
                    _("“%(word)s” is not a network: write it as 10.20.0.0/24.") % {"word": word[:60]}
                )
            found.append(str(network))
        return list(dict.fromkeys(found))

    def clean(self, value: Any) -> Any:
        found = self.to_python(value)
        self.validate(found)
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return list(initial or []) != self.to_python(data)
        except ValidationError:
            return True


class NetworkForm(ScopedModelForm):
    """A network of an organisation. One that belongs to somebody else already is refused."""

    class Meta:
        model = Network
        fields = ("name", "organisation", "prefix", "use", "note")
        help_texts = {"prefix": _("For instance 10.20.0.0/16, or 2001:db8:20::/48.")}

    def clean_prefix(self) -> str:
        network = addresses.network(str(self.cleaned_data["prefix"]))
        if network is None:
            raise ValidationError(_("This is not a network: write it as 10.20.0.0/24, without host bits."))
        return str(network)

    def clean(self) -> Any:
        cleaned = super().clean() or {}
        network, owner = addresses.network(cleaned.get("prefix") or ""), cleaned.get("organisation")
        if network is None or owner is None:
            return cleaned
        if cleaned.get("use") == NetworkUse.DEVICES:
            if sentence := permitted.clash(network, owner, self.instance.pk):
                self.add_error("prefix", sentence)
        return cleaned


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
            "credential": _(
                "Only who keeps a credential may choose it, or change where it is sent: address, port and owner."
            ),
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
            rows = field.queryset.filter(kind__in=kinds).defer("secret")
            held = Q(pk=self.initial.get(name) or 0)
            field.queryset = rows.filter(
                held | Q(archived_at=None, organisation__in=permitted.kept_by(self.user))
            )

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"]).strip()
        if found := addresses.literal(address):
            return str(found)
        if not addresses.is_host_name(address):
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
            and cleaned.get("is_enabled")
        ):
            self.add_error(
                "credential",
                _(
                    "SNMP needs a credential. Who may not choose one leaves the target switched off until somebody does."
                ),
            )
        for name, sentence in permitted.problems(self.user, self.initial, self.changed_data, cleaned):
            self.add_error(name, sentence)
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
        fields = ("name", "kind", "organisation", "networks")
        widgets = {"networks": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "networks": _(
                "One on a line, for instance 10.20.0.0/24, within the networks named for the organisation. It is sent nowhere"
                " else; without any, it is sent nowhere at all."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["networks"] = NetworksField(
            label=self.fields["networks"].label,
            help_text=self.fields["networks"].help_text,
            widget=forms.Textarea(attrs={"rows": 3}),
            required=False,
        )

    def clean(self) -> Any:
        cleaned = super().clean() or {}
        kind = cleaned.get("kind")
        owner = cleaned.get("organisation")
        if owner is not None and "networks" in cleaned:
            if outside := permitted.not_named(cleaned["networks"], owner):
                self.add_error("networks", permitted.name_it(outside, owner))
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
