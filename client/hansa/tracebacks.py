"""Short tracebacks: an error whose text says everything is shown with the caller's line, without frames of ours."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from hansa_core.errors import HansaError

P = ParamSpec("P")
R = TypeVar("R")


def short_traceback(call: Callable[P, R]) -> Callable[P, R]:
    """`call`, from which every HansaError comes without the frames of reader and channel below it.

    They would be a hundred lines in a notebook, above the one that tells what to write. Works on coroutine functions
    too. Errors that are nobody's fault but ours keep all their frames.
    """
    if inspect.iscoroutinefunction(call):

        @wraps(call)
        async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return await call(*args, **kwargs)
            except HansaError as error:
                raise error.with_traceback(None) from None

        return cast(Callable[P, R], awaited)

    @wraps(call)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except HansaError as error:
            raise error.with_traceback(None) from None

    return called
