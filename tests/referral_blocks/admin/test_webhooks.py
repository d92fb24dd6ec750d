"""Webhook endpoints in the admin: made with a secret that is shown once, tested, switched, and looked at."""

from datetime import date, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from wagtail.models import Site

from referral_blocks.admin.day_chart import draw_days
from referral_blocks.core.crypto import decrypt
from referral_blocks.flows.create_webhook_endpoint import create_webhook_endpoint
from referral_blocks.flows.deliver_webhooks import deliver_webhooks
from referral_blocks.webhooks.endpoints.models import WebhookDelivery, WebhookEndpoint
from tests.make import make_link, make_program
from tests.paying import work
from tests.referral_blocks.webhooks.endpoints.conftest import loopback, receiver  # noqa: F401 - fixtures

from .staff import messages_of, staff_client

pytestmark = pytest.mark.django_db
CHANGE = ("view_webhookendpoint", "change_webhookendpoint")
HTTPS = "Write the address as https://… with a host name, and without a user name or “#”."
STEPS = ("edit", "test", "rotate", "replay")


@pytest.fixture
def endpoint(receiver):  # noqa: F811 - a fixture
    site_id = Site.objects.get(is_default_site=True).pk
    return create_webhook_endpoint(site_id=site_id, url=receiver.url, description="Books")[0]


def at(name, *rows):
    return reverse(f"referral_webhooks:{name}", args=[row.pk for row in rows])


def message_at(name, row):
    return reverse(f"referral_webhook_deliveries:{name}", args=[row.pk])


def test_an_endpoint_is_made_and_its_secret_shown_once(receiver, caplog):  # noqa: F811
    client = staff_client("add_webhookendpoint", *CHANGE)
    site = Site.objects.get(is_default_site=True)
    given = {"url": receiver.url, "description": "Books", "site": site.pk, "kinds": ["sale.recorded", "payout.paid"]}
    page = client.post(at("add"), given)
    endpoint = WebhookEndpoint.objects.get()
    secret = page.context["secret"]
    assert f">{secret}</code>" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert secret == decrypt(endpoint.secret)
    assert (endpoint.kinds, endpoint.created_by.username) == (["payout.paid", "sale.recorded"], "sam")
    later = client.get(at("inspect", endpoint)).content.decode() + client.get(at("index")).content.decode()
    assert "payout.paid, sale.recorded" in later
    assert secret not in later + caplog.text
    assert all(secret not in str(session.get_decoded()) for session in Session.objects.all())


@pytest.mark.parametrize(
    ("given", "field", "error"),
    [
        ({"url": ""}, "url", "This field is required."),
        ({"url": "http://example.com/"}, "url", HTTPS),
        ({"url": "https://127.0.0.1/"}, "url", "This address is not on the public internet, so it is not called."),
        ({"url": "https://nowhere.invalid/"}, "url", "This host name is not found."),
        ({"kinds": ["x"]}, "kinds", "Select a valid choice. x is not one of the available choices."),
    ],
)  # fmt: skip
def test_bad_input_makes_nothing(given, field, error):
    site = Site.objects.get(is_default_site=True)
    given = {"url": "https://1.1.1.1/", "site": site.pk, **given}
    page = staff_client("add_webhookendpoint").post(at("add"), given)
    assert page.context["form"].errors == {field: [error]}
    assert not WebhookEndpoint.objects.exists()


def test_each_step_asks_for_its_right(endpoint):
    make_link(make_program())
    delivery = WebhookDelivery.objects.first()
    reader = staff_client("view_webhookendpoint")
    html = reader.get(at("inspect", endpoint)).content.decode()
    assert "Books" in html
    before = WebhookEndpoint.objects.values().get()
    for url in [*(at(name, endpoint) for name in (*STEPS, "delete")), at("add"), message_at("replay", delivery)]:
        assert url not in html
        assert reader.get(url).status_code == 403
        assert reader.post(url, {"url": "https://1.1.1.1/", "hours": "0"}).status_code == 403
    assert WebhookEndpoint.objects.values().get() == before
    assert WebhookDelivery.objects.filter(is_test=True).count() == 0
    nobody = staff_client(username="kai")
    for url in (at("index"), at("inspect", endpoint), message_at("inspect", delivery)):
        assert nobody.get(url).status_code == 403
    changer = staff_client(*CHANGE, username="kim").get(at("inspect", endpoint)).content.decode()
    assert all(at(name, endpoint) in changer for name in STEPS)
    assert at("delete", endpoint) not in changer


def test_it_is_changed_and_switched_off(endpoint):
    client = staff_client(*CHANGE)
    assert client.get(at("edit", endpoint)).context["form"].initial["enabled"]
    given = {"url": endpoint.url, "description": "Till", "kinds": []}
    done = client.post(at("edit", endpoint), given, follow=True)
    assert messages_of(done) == ["The endpoint is changed."]
    assert messages_of(client.post(at("edit", endpoint), given, follow=True)) == ["Nothing was to be changed."]
    endpoint.refresh_from_db()
    assert (endpoint.description, endpoint.status) == ("Till", "off")
    html = done.content.decode()
    assert "switched off" in html
    assert "description: Till" in html


def test_a_test_is_sent_and_its_answer_seen(endpoint, receiver):  # noqa: F811
    client = staff_client(*CHANGE)
    said = messages_of(client.post(at("test", endpoint), follow=True))
    assert said == ["The test is on its way. Load this page again to see what came of it."]
    receiver.plan = [500]
    work()
    html = client.get(at("inspect", endpoint)).content.decode()
    assert "webhook.test" in html
    assert "it answered with an error (500)" in html
    delivery = WebhookDelivery.objects.get()
    page = client.get(message_at("inspect", delivery)).content.decode()
    assert "&lt;b&gt;not&lt;/b&gt; now" in page
    assert messages_of(client.get(message_at("replay", delivery), follow=True)) == [
        "A test is not sent again: send a new one."
    ]


def test_the_secret_is_replaced(endpoint):
    old = decrypt(endpoint.secret)
    page = staff_client(*CHANGE).post(at("rotate", endpoint), {"hours": "24"})
    endpoint.refresh_from_db()
    assert page.context["secret"] == decrypt(endpoint.secret) != old
    assert decrypt(endpoint.old_secret) == old
    assert "no-store" in page["Cache-Control"]


def test_messages_are_looked_at_and_sent_again(endpoint, receiver):  # noqa: F811
    make_link(make_program())
    deliver_webhooks(endpoint_id=endpoint.pk)
    delivery = WebhookDelivery.objects.get()
    client = staff_client(*CHANGE)
    every = reverse("referral_webhook_deliveries:index")
    assert "referrer.joined" in client.get(every, {"endpoint": endpoint.pk, "state": "delivered"}).content.decode()
    assert "referrer.joined</a>" not in client.get(every, {"state": "failed"}).content.decode()
    again = messages_of(client.post(message_at("replay", delivery), follow=True))
    assert again == ["The message is on its way again."]
    WebhookDelivery.objects.update(state="failed")
    done = messages_of(client.post(at("replay", endpoint), {"since": ""}, follow=True))
    assert done == ["1 message is on its way again."]
    nothing = messages_of(client.post(at("replay", endpoint), {"since": ""}, follow=True))
    assert nothing == ["There was nothing to send again."]
    deliver_webhooks(endpoint_id=endpoint.pk)
    assert receiver.ids == [delivery.message_id] * 2


def test_it_is_deleted(endpoint):
    client = staff_client("view_webhookendpoint", "delete_webhookendpoint")
    assert messages_of(client.post(at("delete", endpoint), follow=True)) == ["“Books” is deleted."]
    assert not WebhookEndpoint.objects.exists()
    assert client.post(at("delete", endpoint)).status_code == 404


def test_the_lists_ask_the_same_number_of_queries_for_many_rows(
    endpoint, django_assert_max_num_queries
):  # fmt: skip
    client = staff_client("view_webhookendpoint")
    counts = []
    for count in (1, 30):
        rows = WebhookEndpoint.objects.bulk_create(
            WebhookEndpoint(site_id=endpoint.site_id, url="https://x/", secret=b"x") for _ in range(count)
        )
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(endpoint=row, message_id="m", kind="sale.recorded", body="{}", give_up_at=row.created_at)
            for row in rows
        )
        for url in (at("index"), reverse("referral_webhook_deliveries:index"), at("inspect", endpoint)):
            with django_assert_max_num_queries(60) as queries:
                client.get(url)
            counts.append(len(queries))
    assert counts[:3] == counts[3:]


def test_the_drawing():
    last = date(2026, 5, 3)
    counts = {(last, "good"): 8, (last - timedelta(days=1), "bad"): 1, (last - timedelta(days=9), "bad"): 5}
    chart = draw_days("Days", [("good", "Good", "done"), ("bad", "Bad", "trouble")], counts, last=last, days=3)
    assert [(p.tone, p.x, p.y, p.height) for p in chart.parts] == [("trouble", 24, 54, 6), ("done", 48, 6, 54)]
    assert (chart.width, chart.days) == (66, (0, 24, 48))
    assert chart.summary == "In 3 days: Good: 8, Bad: 1"
    assert draw_days("Days", [("good", "Good", "done")], {}, last=last, days=3).parts == ()
