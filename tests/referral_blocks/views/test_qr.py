import io

import pytest
import resvg_py
import zxingcpp
from PIL import Image

from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db


def read(image: bytes) -> str:
    """What a decoder finds in the picture."""
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(image)).convert("L"))
    return found.text


def test_the_png_reads_back_to_the_exact_link(client):
    link = make_link(make_program())
    response = client.get(f"/r/{link.code}/qr.png")
    assert response.headers["Content-Type"] == "image/png"
    assert read(response.content) == f"http://localhost/r/{link.code}/"


def test_the_svg_reads_back_to_the_exact_link(client):
    link = make_link(make_program())
    response = client.get(f"/r/{link.code.lower()}/qr.svg")
    assert response.headers["Content-Type"] == "image/svg+xml"
    png = resvg_py.svg_to_bytes(svg_string=response.content.decode(), width=600, dpi=96)
    assert read(bytes(png)) == f"http://localhost/r/{link.code}/"


def test_it_can_be_downloaded_under_the_codes_name(client):
    link = make_link(make_program())
    response = client.get(f"/r/{link.code}/qr.png?download")
    assert response.headers["Content-Disposition"] == f'attachment; filename="{link.code}.png"'


@pytest.mark.parametrize("path", ["/r/UNKNOWN23/qr.png", "/r/{code}/qr.gif", "/r/{code}/qr.", "/r/%00/qr.svg"])
def test_an_unknown_code_or_kind_is_not_found(client, path):
    link = make_link(make_program())
    assert client.get(path.format(code=link.code)).status_code == 404
