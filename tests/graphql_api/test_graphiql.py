import json
import os
import re

import pytest
import requests
from django.contrib.staticfiles import finders
from django.test import Client

from graphql_api.examples import EXAMPLES
from tests.browser import chromium
from tests.graphql_api.ask import URL, bearer_of
from tests.graphql_api.stream.server import serving
from tests.looks.axe import violations
from tests.make import make_link, make_program

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
DIRECTIVES = ("script-src", "style-src", "font-src", "connect-src")


def page(client: Client) -> tuple[str, str]:
    response = client.get(URL, headers={"Accept": BROWSER})
    assert response.status_code == 200
    return response.content.decode(), response["Content-Security-Policy"]


def test_a_browser_gets_graphiql_from_the_sites_own_files(client):
    html, _policy = page(client)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', html)
    files = [address for address in addresses if not address.startswith("data:,")]
    assert len(files) == 8 + len(EXAMPLES)
    assert all(re.match("/static/graphql_api/(graphiql|examples)/", address) for address in files)
    assert all(finders.find(address.removeprefix("/static/")) for address in files)


def test_the_page_runs_under_the_sites_strict_policy_without_inline_code(client):
    html, policy = page(client)
    assert "default-src 'none'" in policy
    assert all(f"{directive} 'self'" in policy for directive in DIRECTIVES)
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", html)


def test_a_client_that_takes_anything_gets_no_html(client):
    assert client.get(URL, headers={"Accept": "*/*"}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_graphiql_runs_a_query_and_breaks_no_rule_of_the_policy(live_server):
    make_program()
    complaints = []
    with chromium() as browser:
        tab = browser.new_page()
        tab.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("requestfailed", lambda request: complaints.append(request.url))
        query = '{ program(slug: "neighbours") { name } }'
        tab.goto(live_server.url + URL)
        tab.locator(".graphiql-query-editor .CodeMirror").wait_for()
        tab.locator(".graphiql-execute-button").click()  # what stands there runs as it is
        tab.locator(".result-window").get_by_text('"totalCount"').wait_for(timeout=10_000)
        tab.evaluate(
            "query => document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.setValue(query)", query
        )
        tab.locator(".graphiql-execute-button").click()
        tab.locator(".result-window").get_by_text('"Bring a neighbour"').wait_for(timeout=10_000)
        phone = browser.new_page(viewport={"width": 390, "height": 800})
        phone.goto(live_server.url + URL)
        phone.locator(".graphiql-execute-button").click()
        phone.locator(".result-window").get_by_text('"totalCount"').wait_for(timeout=10_000)
        asked, answer = (phone.locator(name).bounding_box() for name in (".graphiql-editors", ".result-window"))
        assert answer["width"] > 250
        assert answer["y"] > asked["y"] + asked["height"] / 2
    assert complaints == []


@pytest.mark.django_db(transaction=True)
def test_an_example_is_opened_by_keyboard_and_runs(live_server):
    make_program(slug="bring-a-neighbour")
    complaints = []
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(live_server.url + URL)
        # Where there is room they stand open; the button takes them away and brings them back.
        tab.get_by_role("button", name="Hide Examples").focus()
        tab.keyboard.press("Enter")
        assert tab.locator(".rb-example").count() == 0
        tab.keyboard.press("Enter")
        assert tab.locator(".rb-example").count() == len(EXAMPLES)
        # CodeMirror's own scroller is moved by the arrow keys in its field.
        assert [found for found in violations(tab) if found[0] != "scrollable-region-focusable"] == []
        tab.keyboard.press("Tab")
        while "A landing page" not in tab.evaluate("document.activeElement.textContent"):
            tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        tab.get_by_text("Opened in a new tab: A landing page").wait_for()
        editor = "document.querySelector('.graphiql-{}-editor .CodeMirror, .graphiql-editor .CodeMirror')"
        assert "query LandingPage" in tab.evaluate(editor.format("query") + ".CodeMirror.getValue()")
        tab.locator(".graphiql-execute-button").click()
        tab.locator(".result-window").get_by_text('"£20 gift"').wait_for(timeout=10_000)
        assert violations(tab, context={"include": [[".rb-examples"]]}) == []
        if folder := os.environ.get("SHOTS"):
            tab.screenshot(path=f"{folder}/examples-1280.png")
            tab.set_viewport_size({"width": 390, "height": 800})
            tab.screenshot(path=f"{folder}/examples-390.png")
    assert complaints == []


@pytest.mark.django_db(transaction=True)
def test_a_subscription_is_answered_in_the_editor(live_server, tmp_path):
    """The stream is another process's; the browser is led there as a proxy in front of both would lead it."""
    link = make_link(make_program())
    complaints = []
    with serving(tmp_path / "log") as stream, chromium() as browser:
        tab = browser.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))

        def lead(route):
            request = route.request
            there = f"http://127.0.0.1:{stream.port}/graphql/stream"
            answer = requests.post(
                there, data=request.post_data, headers=request.all_headers(), stream=True, timeout=20
            )
            lines = answer.iter_lines(decode_unicode=True)
            taken = [line for _count, line in zip(range(5), lines, strict=False)]
            route.fulfill(status=answer.status_code, headers=dict(answer.headers), body="\n".join([*taken, "", ""]))
            answer.close()

        tab.route("**/graphql/stream", lead)
        tab.goto(live_server.url + URL)
        editor = tab.locator(".graphiql-query-editor .CodeMirror")
        editor.wait_for()
        editor.evaluate(
            "(e, q) => e.CodeMirror.setValue(q)", "subscription { viewerStanding { viewer { firstName } } }"
        )
        tab.get_by_role("button", name="Headers").click()
        headers = json.dumps({"Authorization": f"Bearer {bearer_of(link.referrer)}"})
        tab.locator(".graphiql-editor-tool .CodeMirror").last.evaluate("(e, q) => e.CodeMirror.setValue(q)", headers)
        tab.locator(".graphiql-execute-button").click()
        tab.locator(".result-window").get_by_text('"Robin"').wait_for(timeout=30_000)
    assert complaints == []
