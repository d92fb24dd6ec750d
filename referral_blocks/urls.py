"""The plugin's addresses; a host includes them at the root, so that links stay short."""

from django.urls import path

from .views import forms, health, qr, sign_in, visits

app_name = "referral_blocks"
urlpatterns = [
    path("r/<str:code>/", visits.visit, name="visit"),
    path("r/<str:code>/qr.<str:kind>", qr.qr, name="qr"),
    path("referrals/join/", forms.join, name="join"),
    path("referrals/friend/", forms.friend, name="friend"),
    path("referrals/sign-in/", forms.sign_in_request, name="sign_in_request"),
    path("referrals/sign-in/<str:token>/", sign_in.sign_in, name="sign_in"),
    path("referrals/sign-out/", sign_in.sign_out, name="sign_out"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
