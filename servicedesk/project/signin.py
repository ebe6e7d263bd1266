"""How allauth behaves here: nobody signs up, second factors are encrypted, foreign sign-ins join known people."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest

from cmdb.common import secrets


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators and the directory."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Municipalities' identity providers (`SAMDRIFT_OIDC`): they say who somebody is, the register says what he may do."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Never: a person whom the register does not know is told so."""
        return False


class MFAAdapter(DefaultMFAAdapter):
    """Keys of one-time codes lie encrypted in the database."""

    def encrypt(self, text: str) -> str:
        """The text as a token that only SAMDRIFT_ENCRYPTION_KEYS open."""
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The counterpart."""
        return str(secrets.decrypt(encrypted_text))
