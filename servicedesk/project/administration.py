"""The addresses below /admin/, with what every app registers there."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from cmdb.models import Role


def keeps_region(request: HttpRequest) -> bool:
    """Whether the person may come in. These pages narrow nothing by municipality: they are the region's administrator's."""
    user = request.user
    if not (user.is_active and user.is_staff):
        return False
    if not user.access.over_region(Role.ADMIN):
        raise PermissionDenied
    return True


admin.autodiscover()
admin.site.has_permission = keeps_region  # type: ignore[method-assign]
# Django's own form would ask neither for the second factor nor after how many wrong passwords it is enough.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
urlpatterns = admin.site.get_urls()
