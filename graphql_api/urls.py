"""Where the API is mounted."""

from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from .share import views as share
from .views import GraphQLView, not_streamed_here

app_name = "graphql_api"
urlpatterns = [
    path("", GraphQLView.as_view(), name="graphql"),
    path("stream", csrf_exempt(not_streamed_here), name="stream"),  # graphql_api/stream/ serves it
    path("referral-share.js", share.latest, name="referral_share"),
    path("referral-share.<slug:version>.js", share.versioned, name="referral_share_version"),
    path("referral-share/<slug:language>.json", share.said, name="referral_share_words"),
]
