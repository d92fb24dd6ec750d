"""Where the API is mounted."""

from django.urls import path

from .share import views as share
from .views import GraphQLView

app_name = "graphql_api"
urlpatterns = [
    path("", GraphQLView.as_view(), name="graphql"),
    path("referral-share.js", share.latest, name="referral_share"),
    path("referral-share.<slug:version>.js", share.versioned, name="referral_share_version"),
    path("referral-share/<slug:language>.json", share.said, name="referral_share_words"),
]
