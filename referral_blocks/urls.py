"""The plugin's addresses; a host includes them at the root, so that links stay short."""

from django.urls import path

from .views import forms, health, payout_accounts, provider_webhooks, qr, reward, sign_in, visits

app_name = "referral_blocks"
urlpatterns = [
    path("r/<str:code>/", visits.visit, name="visit"),
    path("r/<str:code>/qr.<str:kind>", qr.qr, name="qr"),
    path("referrals/join/", forms.join, name="join"),
    path("referrals/friend/", forms.friend, name="friend"),
    path("referrals/sign-in/", forms.sign_in_request, name="sign_in_request"),
    path("referrals/sign-in/<str:token>/", sign_in.sign_in, name="sign_in"),
    path("referrals/reward/<str:token>/", reward.reward, name="reward"),
    path("referrals/payout-account/<str:token>/return/", payout_accounts.come_back, name="payout_account_return"),
    path("referrals/payout-account/<str:token>/refresh/", payout_accounts.start_again, name="payout_account_refresh"),
    path("referrals/sign-out/", sign_in.sign_out, name="sign_out"),
    path("referrals/webhooks/<str:alias>/", provider_webhooks.provider_webhook, name="provider_webhook"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
