"""Requests that are larger than others: a file of sales as large as the admin's form takes, and nothing else.

Who may send one is known from the headers, before a byte of it is read; that it holds nothing but that mutation, before
anything of it is run.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode

from referral_blocks.access.models import Scope
from referral_blocks.sales.source import MAX_BYTES

from .context import Context
from .idempotency import root_fields
from .operation import MAX_BODY, RequestRefused
from .permissions import require_scope

MUTATION = "importSales"
# A file in JSON: twice its size where every second character is escaped, and the document around it.
MAX_LARGE = 2 * MAX_BYTES + MAX_BODY


def most_of(context: Context) -> int:
    """How many bytes a caller may send who announces more than MAX_BODY; none of them has been read."""
    try:
        require_scope(context, Scope.SALES_WRITE, "add_saleimport")
    except GraphQLError:
        return MAX_BODY
    context.is_large = True
    return MAX_LARGE


def check_large(context: Context, document: DocumentNode, operation: OperationDefinitionNode) -> None:
    """Raises RequestRefused for a large request that asks for anything else."""
    if context.is_large and {field.name.value for field in root_fields(document, operation)} != {MUTATION}:
        raise RequestRefused(413, _("A request of this size may hold “%(name)s” only.") % {"name": MUTATION})
