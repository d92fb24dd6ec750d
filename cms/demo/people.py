"""The people of the demo's story: nobody of them lives, and their names say so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Friend:
    """``came`` and ``bought`` are days ago, ``bought`` None for one who has not; ``address`` only where it matters."""

    name: str
    came: float
    bought: float | None = None
    amount: str = "38.00"
    contacted: bool = False
    refunded: bool = False
    address: str = ""
    kind: str = "person"


@dataclass(frozen=True, slots=True)
class Fan:
    """A referrer: ``joined`` is days ago, ``shown`` whether friends and leaderboard may read the name, ``account``
    whether the credit has somewhere to go."""

    name: str
    joined: float
    friends: tuple[Friend, ...] = ()
    visits: int = 0
    shares: tuple[str, ...] = ()
    shown: bool = True
    account: bool = False


NEIGHBOURS = (
    Fan("Ada Demoson", 52, visits=11, shares=("whatsapp", "whatsapp", "copy", "qr"), friends=(
        Friend("Enid Fictory", 45, 40), Friend("Figaro Mockleton", 38, 33, "42.00"),
        Friend("Gus Makebelieve", 30, 22, "36.00"), Friend("Hetty Imaginova", 12, 6, "45.00"),
        Friend("Ivo Nobody", 3),
    )),
    Fan("Bert Mockridge", 47, visits=8, shares=("email", "email", "copy"), friends=(
        Friend("Jory Pretendwell", 41, 35), Friend("Kit Whimsey", 20, 9, "52.00"),
        Friend("Lotte Dummymann", 8, contacted=True),
    )),
    Fan("Cleo Sampleton", 33, visits=6, shares=("whatsapp", "sms"), friends=(
        Friend("Mo Fauxley", 27, 19, "40.00"), Friend("Nell Notreally", 5),
        # Her own mailbox: the checks find it, and it waits for a person's look.
        Friend("Cleo Again", 1, address="cleo.sampleton+again@example.com"),
    )),
    Fan("Dov Placeholder", 21, visits=3, shares=("facebook",), shown=False, friends=(
        Friend("Otto Storybook", 15, 10, "34.00"),
    )),
    Fan("Quinn Inventa", 4, visits=2, shares=("copy",)),
)  # fmt: skip
BUSINESSES = (
    Fan("Sol Concocted", 30, visits=7, shares=("email", "linkedin"), friends=(
        Friend("Fern & Crumb", 24, 18, "180.00", kind="business"),
        Friend("Paper Moon Opticians", 16, 7, "240.00", kind="business"),
        Friend("Velvet Barber", 4, contacted=True, kind="business"),
    )),
    Fan("Tess Fibsworth", 18, visits=4, shares=("copy",), friends=(
        Friend("Otter & Oak", 12, 5, "320.00", kind="business"),
    )),
)  # fmt: skip
SOFTWARE = (
    Fan("Juno Placeholder", 58, visits=16, shares=("x", "linkedin", "copy", "copy"), account=True, friends=(
        Friend("Una Dummit", 50, 46, "240.00"), Friend("Vic Lorem", 44, 39, "240.00"),
        Friend("Wanda Ipsum", 35, 30, "288.00"), Friend("Xan Dolor", 26, 20, "240.00"),
        Friend("Yuri Sitamet", 18, 6, "336.00"), Friend("Zoe Testcase", 6),
    )),
    Fan("Kofi Stubbs", 41, visits=9, shares=("x", "copy"), account=True, friends=(
        Friend("Abel Null", 36, 31, "240.00"), Friend("Bea Void", 24, 12, "240.00", refunded=True),
        Friend("Cal Mock", 9, contacted=True),
    )),
    Fan("Lior Fixture", 29, visits=5, shares=("email",), friends=(
        Friend("Dee Foobar", 23, 17, "240.00"), Friend("Eli Bazqux", 2),
    )),
    Fan("Mika Sandbox", 13, visits=4, shares=("copy",), shown=False, friends=(
        Friend("Flo Canary", 10, 4, "240.00"),
    )),
)  # fmt: skip
# Came without a link and named who told them: staff decide.
NAMED = ("Rae Madeup", "rae.madeup@example.com", "Bert Mockridge")
