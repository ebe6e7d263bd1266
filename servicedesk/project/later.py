"""Parts of the site that most processes never show: their modules are loaded by the first request that asks for them."""

from django.urls import URLResolver
from django.urls.resolvers import RoutePattern


class Later(URLResolver):
    """`include` of a module by its dotted name, below `prefix`, in a namespace of its own, imported when first needed.

    Django's own includes are imported with the root, and again looked through for the first `reverse` of any name.
    What is in here is reached by its path and by `namespace:name`; both import it.
    """

    def __init__(self, prefix: str, module: str, namespace: str) -> None:
        super().__init__(RoutePattern(prefix), module, app_name=namespace, namespace=namespace)

    def _populate(self) -> None:
        """Nothing to tell the root: a name with a namespace is looked up in a resolver made for it."""
