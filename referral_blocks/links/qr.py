"""QR codes of links, as SVG for screens and PNG for print and mail."""

from __future__ import annotations

import io

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathFillImage

PRINT_DPI, PRINT_MODULE = 300, 44
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
    """Black on white, ``module_pixels`` per module, marked with the resolution of print."""
    out = io.BytesIO()
    _code(text, module_pixels).make_image().save(out, format="PNG", dpi=(PRINT_DPI, PRINT_DPI))
    return out.getvalue()


def qr_png_for_print(text: str) -> bytes:
    """As ``qr_png``, some 15 cm wide at 300 dpi: sharp on a poster, and no smaller on a card."""
    return qr_png(text, module_pixels=PRINT_MODULE)
