"""The ASGI entry point: serves subscriptions, beside the WSGI process that serves everything else."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.production")
django_application = get_asgi_application()

from graphql_api.stream.app import StreamApplication  # noqa: E402 - Django has to be set up first

application = StreamApplication(django_application)
