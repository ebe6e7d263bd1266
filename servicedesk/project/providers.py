"""What an identity provider in SAMDRIFT_OIDC must say. Read only where there are some: pydantic is not loaded for nothing."""

from collections import Counter
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, ValidationError

EXAMPLE = '[{"provider_id": "lilleby", "name": "Lilleby kommune", "client_id": "…", "secret": "…", "settings": {"server_url": "https://…"}}]'


class ProviderSettings(BaseModel):
    """Where the provider answers, and for which mail domains it is believed; further keys are allauth's."""

    model_config = ConfigDict(extra="allow")

    server_url: HttpUrl
    email_domains: list[str] = Field(default_factory=list)


class Provider(BaseModel):
    """One municipality's."""

    model_config = ConfigDict(extra="forbid")

    provider_id: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_-]+$")
    name: str = Field(min_length=1)
    client_id: str = Field(min_length=1)
    secret: str = ""
    settings: ProviderSettings


def read(name: str, given: Any) -> list[dict[str, Any]]:
    """The list as it was given, or a refusal that names the place and no value."""
    try:
        providers = TypeAdapter(list[Provider]).validate_python(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise ImproperlyConfigured(f"{name} at {place}: {first['msg']}. Set {name} to {EXAMPLE}") from None
    [(twice, count), *_] = Counter(provider.provider_id for provider in providers).most_common(1)
    if count > 1:
        raise ImproperlyConfigured(
            f"{name} names the provider {twice} twice: set {name} to a list with one entry for each provider_id."
        )
    return list(given)
