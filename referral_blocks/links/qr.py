"""QR codes of links, as SVG for screens and PNG for print and mail."""

from __future__ import annotations

import io

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathFillImage

QUIET_ZONE = 4  # modules; ISO/IEC 18004 asks for four


def _code(text: str, module_pixels: int) -> qrcode.QRCode:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, box_size=module_pixels)
    code.add_data(text)
    code.make(fit=True)
    return code


def qr_svg(text: str) -> bytes:
    """Black on white, scalable."""
    out = io.BytesIO()
    _code(text, 10).make_image(image_factory=SvgPathFillImage).save(out)
    return out.getvalue()


def qr_png(text: str, *, module_pixels: int = 12) -> bytes:
    """Black on white, ``module_pixels`` per module."""
    out = io.BytesIO()
    _code(text, module_pixels).make_image().save(out, format="PNG")
    return out.getvalue()
