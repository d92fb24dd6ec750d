"""Says whether a code works."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.context import Info
from graphql_api.errors import ErrorCode, refusal
from graphql_api.programs.queries import Slug, program_of
from graphql_api.sites import SiteHost
from referral_blocks.core.ratelimit import TooManyRequests
from referral_blocks.links.selectors import CodeStatus, validate_code

Code = Annotated[str, strawberry.argument(description="What the friend typed; case and outer spaces do not matter.")]


@strawberry.type(description="What may be told about a code.")
class CodeAnswer:
    is_valid: bool = strawberry.field(description="Whether the code would be credited in this programme now.")
    greeting_name: str = strawberry.field(
        description="The first name of whose code it is, where they agreed to it; else empty."
    )


@strawberry.type
class LinksQuery:
    @strawberry.field(
        description=(
            "Whether a code works in a programme; of one that does not, nobody learns why. Limited for each visitor: "
            "beyond it the error is RATE_LIMITED."
        )
    )
    def validate_code(self, info: Info, code: Code, program: Slug = None, site: SiteHost = None) -> CodeAnswer:
        try:
            info.context.check_rate("validate_code")
        except TooManyRequests as error:
            raise refusal(ErrorCode.RATE_LIMITED, error.message) from None
        found = program_of(info, program, site)
        if found is None:
            return CodeAnswer(is_valid=False, greeting_name="")
        answer = validate_code(program=found, code=code)
        return CodeAnswer(is_valid=answer.status == CodeStatus.OK, greeting_name=answer.greeting_name)
