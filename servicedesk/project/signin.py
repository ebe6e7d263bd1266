"""How allauth behaves here: nobody signs up, second factors are encrypted, foreign sign-ins join known people."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from cmdb import secondfactor
from cmdb.common import secrets
from servicedesk.project import auditing, guesses


class Site(NamedTuple):
    """What letters call this installation and where it is: SAMDRIFT_URL, whatever address a request named."""

    name: str
    domain: str


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators and the directory."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    # --- letters: the address of a request is the sender's to choose, so no link is made from it

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """With the site that the operator named."""
        domain = urlsplit(settings.SAMDRIFT_URL).netloc
        super().send_mail(template_prefix, email, {**context, "current_site": Site("Samdrift", domain)})
        if template_prefix.endswith("password_reset_key"):
            auditing.reset_sent(context["user"])

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Below SAMDRIFT_URL."""
        return _on_our_site(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """Below SAMDRIFT_URL."""
        return _on_our_site(super().get_email_confirmation_url(request, emailconfirmation))

    # --- wrong passwords: no stranger locks anybody out

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Tries are counted for a name from an address: whoever guesses elsewhere shuts out himself alone."""
        return f"{self.get_client_ip(request)}:{_name_in(credentials)}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Besides the address's own limits: a name that many addresses guess at takes only browsers that it knows."""
        try:
            super().pre_authenticate(request, **credentials)
            if guesses.is_under_attack(_name_in(credentials)) and not guesses.is_known(request, credentials):
                raise self.validation_error("too_many_login_attempts")
        except ValidationError:
            auditing.held(_name_in(credentials))
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Counted for the name, from wherever."""
        guesses.count(_name_in(credentials))
        super().authentication_failed(request, **credentials)


def _name_in(credentials: Mapping[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "").strip().lower()[:254]


def _on_our_site(url: str) -> str:
    """The same page where SAMDRIFT_URL says that it is."""
    parts = urlsplit(url)
    return f"{settings.SAMDRIFT_URL.rstrip('/')}{parts.path}{'?' + parts.query if parts.query else ''}"


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Municipalities' identity providers (`SAMDRIFT_OIDC`): they say who somebody is, the register says what he may do."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Never: a person whom the register does not know is told so."""
        return False

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        """A provider speaks for the domains in its setting `email_domains`; only a single one may leave them out.

        Else one municipality's provider could name an address of another's, and sign in as that person.
        """
        if not super().can_authenticate_by_email(login, email):
            return False
        app = login.provider.app
        domains = app.settings.get("email_domains") if app is not None else None
        if domains is None:
            return len(settings.OIDC) < 2
        return email.rpartition("@")[2].lower() in {str(domain).lower() for domain in domains}


class MFAAdapter(DefaultMFAAdapter):
    """Keys of one-time codes lie encrypted in the database."""

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last factor stays while a role of its person needs one."""
        user: Any = authenticator.user
        if authenticator.type not in secondfactor.FACTORS or not secondfactor.is_required(user):
            return True
        others = Authenticator.objects.filter(user=user, type__in=secondfactor.FACTORS)
        return bool(others.exclude(pk=authenticator.pk).exists())

    def encrypt(self, text: str) -> str:
        """The text as a token that only SAMDRIFT_ENCRYPTION_KEYS open."""
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The counterpart."""
        return str(secrets.decrypt(encrypted_text))
