"""Documents that are asked for by id: trusted ones, which the site has shipped, and Apollo's automatic ones.

A trusted document is named by its id in REFERRAL_BLOCKS["API_TRUSTED_DOCUMENTS"] or by the SHA-256 of its text. With
API_TRUSTED_ONLY nothing else runs, not even a document of the same meaning with other spaces.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import replace
from functools import cache
from pathlib import Path

from django.core.cache import cache as shared
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from referral_blocks.core.conf import get_conf

from .errors import ErrorCode
from .operation import Operation, RequestRefused
from .share import operations as own

KEPT = 24 * 3600  # seconds since an automatic document was last registered
MAX_LENGTH = 20_000  # characters of an automatic document
logger = logging.getLogger(__name__)
PREFIX = "sha256:"  # as in the GraphQL-over-HTTP draft's appendix on persisted documents


def find_document(operation: Operation) -> Operation:
    """The operation with its text. Raises RequestRefused for an unknown id, a hash that does not fit, and, with
    API_TRUSTED_ONLY, for every document that is not trusted."""
    conf = get_conf()
    trusted = trusted_documents(conf.API_TRUSTED_DOCUMENTS) if conf.API_TRUSTED_DOCUMENTS else {}
    name = operation.document_id.removeprefix(PREFIX)
    if operation.query and name and operation.query != trusted.get(name) and sha256(operation.query) != name:
        raise RequestRefused(400, _("The hash is not the SHA-256 of “query”."))
    if conf.API_TRUSTED_ONLY:
        asked = name or sha256(operation.query)
        query = trusted.get(asked) or own.by_hash().get(asked)  # <referral-share> is the site's, too
        if query is None:  # a text that differs from the document it names was refused above
            raise RequestRefused(403, _("Only known operations are answered here."), code=ErrorCode.UNTRUSTED_DOCUMENT)
        return replace(operation, query=query)
    if not name or operation.query:
        return operation
    query = trusted.get(name)
    if query is None and conf.API_AUTOMATIC_PERSISTED_QUERIES:
        query = _remembered(name)
    if query is None:
        # The message and the code by which Apollo's clients know that they have to send the text.
        raise RequestRefused(400, "PersistedQueryNotFound", code=ErrorCode.PERSISTED_QUERY_NOT_FOUND)
    return replace(operation, query=query)


def remember(operation: Operation) -> None:
    """Keep a document that has just been found valid under its hash, if its client asked for that."""
    conf = get_conf()
    if not operation.document_id or not operation.registers or len(operation.query) > MAX_LENGTH:
        return
    if conf.API_AUTOMATIC_PERSISTED_QUERIES and not conf.API_TRUSTED_ONLY:
        try:
            shared.set(_cache_key(operation.document_id.removeprefix(PREFIX)), operation.query, KEPT)
        except Exception as error:  # noqa: BLE001 - what was asked for is done, and the text comes again
            logger.warning("A document cannot be kept now: %s", type(error).__name__)


def _remembered(name: str) -> str | None:
    """The text of an automatic document; None also while the cache is away: its clients then send the text."""
    try:
        query: str | None = shared.get(_cache_key(name))
    except Exception as error:  # noqa: BLE001 - whatever keeps the cache
        logger.warning("Documents cannot be looked up now: %s", type(error).__name__)
        return None
    return query


@cache
def trusted_documents(path: str) -> dict[str, str]:
    """id → text and SHA-256 → text, read once. Raises ImproperlyConfigured."""
    source = Path(path)
    try:
        if source.is_dir():
            given = {file.stem: file.read_text("utf-8") for file in sorted(source.glob("*.graphql"))}
        else:
            given = json.loads(source.read_text("utf-8"))
            if not isinstance(given, dict) or not all(isinstance(text, str) for text in given.values()):
                raise ValueError("it is no object of texts")
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f'REFERRAL_BLOCKS["API_TRUSTED_DOCUMENTS"] cannot be read: {error}') from None
    return {**given, **{sha256(text): text for text in given.values()}}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _cache_key(name: str) -> str:
    return f"referral_blocks.document.{sha256(name)}"
