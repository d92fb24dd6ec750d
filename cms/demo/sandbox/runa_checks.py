"""What Runa refuses: the shape of an order (422), its products and its currency (400)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from .runa_products import PRODUCTS, TEMPLATES, Product, minor
from .wire import Refusal

Fault = tuple[list[str], str, str]
Validate = Callable[[Any], list[tuple[list[str], str]]]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def error(status: int, kind: str, message: str, *, help_text: str | None = None) -> Refusal:
    """An error in Runa's shape; ``type`` is what callers branch on."""
    return Refusal(status, {"type": kind, "message": message, "help": help_text}, executed=True)


def invalid(faults: list[Fault]) -> Refusal:
    """422 with where and why."""
    return Refusal(
        422,
        {
            "type": "validation_error",
            "message": "There were one or more problems processing your request, see details key.",
            "help": None,
            "details": [{"type": kind, "message": text, "location": where} for where, kind, text in faults],
        },
        executed=True,
    )


def check_shape(body: Any) -> None:
    """An order as the reference describes it, every fault at once."""
    faults: list[Fault] = []
    if not isinstance(body, dict):
        raise invalid([([], "type_error.dict", "value is not an object")])
    method = body.get("payment_method")
    if not isinstance(method, dict) or method.get("type") != "ACCOUNT_BALANCE":
        faults.append((["payment_method", "type"], "value_error.enum", "must be ACCOUNT_BALANCE"))
    elif not re.fullmatch(r"[A-Z]{3}", str(method.get("currency"))):
        faults.append(
            (["payment_method", "currency"], "value_error.missing", "a currency of three capitals is required")
        )
    items = body.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= 200:
        faults.append((["items"], "value_error.list", "1 to 200 items are required"))
        items = []
    for at, item in enumerate(items):
        faults += [(["items", str(at), *where], kind, text) for where, kind, text in _item_faults(item)]
    description = body.get("description")
    if description is not None and (not isinstance(description, str) or len(description) > 128):
        faults.append((["description"], "value_error.any_str.max_length", "a text of at most 128 characters"))
    faults += _metadata_faults(body.get("metadata"))
    if faults:
        raise invalid(faults)


def _item_faults(item: Any) -> list[Fault]:
    if not isinstance(item, dict):
        return [([], "type_error.dict", "value is not an object")]
    faults: list[Fault] = []
    value = item.get("face_value")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        faults.append((["face_value"], "type_error.number", "value is not a valid number"))
    elif value < Decimal("0.01"):
        faults.append((["face_value"], "value_error.number.not_ge", "must be at least 0.01"))
    faults += _distribution_faults(item.get("distribution_method"))
    products = item.get("products")
    products = products if isinstance(products, dict) else {}
    kind = products.get("type")
    if kind == "SINGLE":
        fine = isinstance(products.get("value"), str) and products["value"]
    elif kind == "MULTIPLE":
        values = products.get("values")
        fine = isinstance(values, list) and len(values) >= 2 and len(set(values)) == len(values)
    else:
        fine = kind == "TEMPLATE" and isinstance(products.get("template_id"), str)
    if not fine:
        faults.append((["products"], "value_error.products", "not a valid SINGLE, MULTIPLE or TEMPLATE"))
    return faults


def _distribution_faults(how: Any) -> list[Fault]:
    where = ["distribution_method"]
    if not isinstance(how, dict):
        return [(where, "type_error.dict", "value is not an object")]
    kind = how.get("type")
    if kind not in {"PAYOUT_LINK", "EMAIL", "RECIPIENT"}:
        return [([*where, "type"], "value_error.enum", "must be PAYOUT_LINK, EMAIL or RECIPIENT")]
    if kind != "PAYOUT_LINK" and not _EMAIL.fullmatch(str(how.get("email_address"))):
        return [([*where, "email_address"], "value_error.email", "value is not a valid email address")]
    if kind == "RECIPIENT" and not re.fullmatch(r"[A-Za-z0-9\-_@.]{1,255}", str(how.get("recipient_reference"))):
        return [([*where, "recipient_reference"], "value_error.str.regex", "not a valid reference")]
    if not isinstance(how.get("template_id", ""), str):
        return [([*where, "template_id"], "type_error.str", "str type expected")]
    return []


def _metadata_faults(metadata: Any) -> list[Fault]:
    if metadata is None:
        return []
    if not isinstance(metadata, dict) or len(metadata) > 20:
        return [(["metadata"], "value_error.dict", "at most 20 pairs")]
    return [
        (["metadata", key], "value_error.metadata", "keys have at most 40 characters, values are texts of at most 200")
        for key, value in metadata.items()
        if len(key) > 40 or not isinstance(value, str) or len(value) > 200
    ]


def check_products(item: dict[str, Any], paid_in: str) -> tuple[str, int]:
    """The currency and the face value in minor units, once the products allow it."""
    products = item["products"]
    kind = products["type"]
    if kind == "TEMPLATE" and products["template_id"] not in TEMPLATES:
        raise not_allowed("the template is not known")
    single = [products["value"]] if kind == "SINGLE" else []
    codes = single or products.get("values") or list(TEMPLATES[products["template_id"]])
    chosen = [_product(code) for code in codes]
    face_value = Decimal(item["face_value"])
    currency = chosen[0].currency
    if any(product.currency != currency or product.country != chosen[0].country for product in chosen):
        raise not_allowed("all products must be of one country and currency")
    if currency != paid_in:
        message = (
            f"The currency requested in the payment_method, '{paid_in}', is not that of the products, '{currency}'."
        )
        raise error(400, "currency_mismatch", message)
    amount = minor(face_value, currency)
    if kind == "SINGLE":
        if amount is None or not chosen[0].sells(face_value):
            raise not_allowed(f"{chosen[0].code} is not sold at this face value")
    elif amount is None or face_value != face_value.to_integral_value():
        raise not_allowed("the face value must be a whole number")
    elif face_value < min(Decimal(product.least) for product in chosen):
        raise not_allowed("the face value is below the minimum of every product")
    return currency, amount


def not_allowed(why: str) -> Refusal:
    return error(400, "product_validation_error", f"Not allowed to order products: {why}.")


def _product(code: str) -> Product:
    product = PRODUCTS.get(code)
    if product is None:
        raise not_allowed(f"{code} is not known")
    if not product.orderable:
        raise not_allowed(f"{code} cannot be ordered now")
    return product


def openapi_validator(path: Path) -> Validate:
    """Orders checked against ``NewOrderDetails`` of Runa's OpenAPI document; needs the package jsonschema."""
    from jsonschema import Draft202012Validator

    document = json.loads(path.read_text())
    schema = {"$ref": "#/components/schemas/NewOrderDetails", "components": document["components"]}
    validator = Draft202012Validator(schema)

    def validate(body: Any) -> list[tuple[list[str], str]]:
        return [([str(part) for part in wrong.absolute_path], wrong.message) for wrong in validator.iter_errors(body)]

    return validate
