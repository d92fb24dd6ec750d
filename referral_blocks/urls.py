"""The plugin's addresses; a host includes them at the root, so that links stay short."""

from django.urls import path

from .views import (
    brand,
    codes,
    forms,
    health,
    payout_accounts,
    portal,
    provider_webhooks,
    qr,
    reward,
    share_card,
    shares,
    sign_in,
    terms,
    visits,
    your_data,
)

app_name = "referral_blocks"
urlpatterns = [
    path("r/<str:code>/", visits.visit, name="visit"),
    path("r/<str:code>/qr.<str:kind>", qr.qr, name="qr"),
    path("r/<str:code>/share/<slug:channel>/", shares.share, name="share"),
    path("r/<str:code>/group/<uuid:group_id>/", portal.group_link, name="group_link"),
    path("referrals/join/", forms.join, name="join"),
    path("referrals/friend/", forms.friend, name="friend"),
    path("referrals/refer-by-name/", forms.name_referrer, name="refer_by_name"),
    path("referrals/code/", codes.enter_code, name="enter_code"),
    path("referrals/terms/<slug:slug>/<int:number>/", terms.terms, name="terms"),
    path("referrals/group/open/", portal.open_a_group, name="group_open"),
    path("referrals/group/join/", portal.join_a_group, name="group_join"),
    path("referrals/points/", portal.exchange, name="exchange_points"),
    path("referrals/settings/", portal.settings, name="consents"),
    path("referrals/sign-in/", forms.sign_in_request, name="sign_in_request"),
    path("referrals/sign-in/<str:token>/", sign_in.sign_in, name="sign_in"),
    path("referrals/reward/<str:token>/", reward.reward, name="reward"),
    path("referrals/payout-account/<str:token>/return/", payout_accounts.come_back, name="payout_account_return"),
    path("referrals/payout-account/<str:token>/refresh/", payout_accounts.start_again, name="payout_account_refresh"),
    path("referrals/your-data/", your_data.your_data, name="your_data"),
    path("referrals/your-data/<str:token>/", your_data.your_data_page, name="your_data_page"),
    path("referrals/your-data/<str:token>/file/", your_data.your_data_file, name="your_data_file"),
    path("referrals/sign-out/", sign_in.sign_out, name="sign_out"),
    path("referrals/webhooks/<str:alias>/", provider_webhooks.provider_webhook, name="provider_webhook"),
    path("referrals/brand/<slug:version>.css", brand.brand, name="brand"),
    path("referrals/card/<int:page_id>/<slug:language>/<slug:version>.png", share_card.share_card, name="share_card"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
