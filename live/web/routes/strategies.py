"""The strategy files: listed, one with its parameters, a document judged. Scope `read`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter
from pydantic import Field, JsonValue
from starlette.requests import Request
from starlette.responses import Response

from live.views.parameters import Judged, ParametersView
from live.views.strategies import StrategyLine, judge_strategy, read_strategies
from live.web.answers import answer
from live.web.auth.sessions import Visitor
from live.web.document import answered
from live.web.guard import needs
from live.web.routes import parameters
from live.web.routes.common import VariantName, show
from live.web.routes.signals import Body

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs

router = APIRouter(prefix="/strategies")
Reader = Annotated[Visitor, needs("read")]


class StrategyDocument(Body):
    """What a strategy file holds: `name`, `variant`, `parameters`."""

    strategy: dict[str, JsonValue] = Field(max_length=20)


@router.get("", responses=answered(tuple[StrategyLine, ...]))
def strategies(request: Request, _: Reader) -> Response:
    """Every strategy file of the project; one that cannot be read says why."""

    def make(inputs: ViewInputs) -> tuple[StrategyLine, ...]:
        return read_strategies(inputs.settings, inputs.strategies)

    return show(request, make)


@router.get("/{variant}", responses=answered(ParametersView))
def strategy(request: Request, variant: VariantName, visitor: Reader) -> Response:
    """One variant with every parameter, its range and its source."""
    return parameters.parameters(request, variant, visitor)


@router.post("/validate", responses=answered(Judged, bare=True))
def validate(_: Reader, body: StrategyDocument) -> Response:
    """Say what is wrong with a strategy document; nothing is written."""
    return answer(Judged(judge_strategy({"strategy": body.strategy}), ()))
