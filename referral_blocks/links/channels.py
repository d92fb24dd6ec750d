"""The ways in which a referrer passes a link on, and the address that opens each of them with a text ready to send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MAX_TEXT = 600  # characters of a message; what is longer is cut, so that no address grows without end


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: the link's ``url`` is always in it, and the words before it are the referrer's own."""

    url: str
    text: str = ""
    subject: str = ""

    @property
    def whole(self) -> str:
        return f"{self.text.strip()} {self.url}".strip()


@dataclass(frozen=True, slots=True)
class Channel:
    """``address`` makes where a press leads; None for what happens on the page itself (copying, the share sheet)."""

    slug: str
    label: str | Promise
    address: Callable[[Message], str] | None = None
    takes_text: bool = True
    # A program on the device opens: no new tab, which would stay empty.
    in_place: bool = False


def _query(**values: str) -> str:
    # Programs on devices show “+” as it is.
    return urlencode(values, quote_via=quote)


def _email(message: Message) -> str:
    body = f"{message.text.strip()}\n\n{message.url}".strip()
    return f"mailto:?subject={quote(message.subject)}&body={quote(body)}"


def _sms(message: Message) -> str:
    # “?&” is what both iOS and Android read: RFC 5724 asks for “?”, older iPhones for “&”.
    return f"sms:?&body={quote(message.whole)}"


def _x(message: Message) -> str:
    return "https://x.com/intent/post?" + _query(text=message.text.strip(), url=message.url)


# Facebook and LinkedIn take the address alone: what they once read as text, they ignore.
CHANNELS: dict[str, Channel] = {
    c.slug: c
    for c in (
        Channel("whatsapp", "WhatsApp", lambda m: "https://wa.me/?" + _query(text=m.whole)),
        Channel("email", _("E-mail"), _email, in_place=True),
        Channel("sms", _("SMS"), _sms, in_place=True),
        Channel("x", "X", _x),
        Channel(
            "facebook", "Facebook",
            lambda m: "https://www.facebook.com/sharer/sharer.php?" + _query(u=m.url), takes_text=False,
        ),
        Channel(
            "linkedin", "LinkedIn",
            lambda m: "https://www.linkedin.com/sharing/share-offsite/?" + _query(url=m.url), takes_text=False,
        ),
        Channel("copy", _("Copied")),
        Channel("native", _("Share sheet")),
        Channel("qr", _("QR code for print")),
    )
}  # fmt: skip


def channel_choices() -> list[tuple[str, str | Promise]]:
    """The channels that a button leads to, for a select field."""
    return [(c.slug, c.label) for c in CHANNELS.values() if c.address is not None]
