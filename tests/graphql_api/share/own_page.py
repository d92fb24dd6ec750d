"""A page of the site itself with <referral-share>, under the site's own policy."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Own</title>
<script type="module" src="/graphql/referral-share.js"></script></head>
<body><main><h1>Own page</h1><referral-share program="neighbours"></referral-share></main></body></html>"""


def own_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


urlpatterns = [path("own/", own_page), path("", include("cms.urls"))]
