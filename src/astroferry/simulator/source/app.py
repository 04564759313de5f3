"""The simulated source as an ASGI application: routes, permissions, refusals, the request log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from astroferry.simulator.source import api_dags, api_runs, api_server, api_values, starship
from astroferry.simulator.source.estate import wall_clock
from astroferry.simulator.source.wire import Call, Refusal, user_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from astroferry.simulator.source.estate import Estate, Role

ROOT = "/api/v1"
Endpoint = tuple[str, str, tuple["Role", ...], "Callable[[Call], Awaitable[Response]]"]
NOT_THERE = (
    "The requested URL was not found on the server. "
    "If you entered the URL manually please check your spelling and try again."
)


def create_app(estate: Estate, clock: Callable[[], datetime] = wall_clock) -> Starlette:
    """Serve an estate; every request first lets happen what is due by `clock()`."""
    endpoints: tuple[Endpoint, ...] = (
        *api_dags.ROUTES,
        *api_runs.ROUTES,
        *api_values.ROUTES,
        *api_server.ROUTES,
    )
    routes = [_route(estate, *endpoint) for endpoint in endpoints]
    routes += [_open_route(estate, ROOT + path, answer) for path, answer in OPEN]
    routes += [_page(estate, *page) for page in starship.PAGES]

    async def refused(request: Request, error: Exception) -> Response:
        del request
        assert isinstance(error, Refusal)  # noqa: S101 - registered for this class alone
        return error.answer(estate.version)

    async def unrouted(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
        if not request.url.path.startswith(f"{ROOT}/"):
            return api_server.error_page(error.status_code, request)
        if error.status_code == 405:
            refusal = Refusal(405, "Method Not Allowed", "The method is not allowed for the requested URL.")
        else:
            refusal = Refusal(404, "Not Found", NOT_THERE)
        return refusal.answer(estate.version)

    app = Starlette(routes=routes, exception_handlers={Refusal: refused, HTTPException: unrouted})
    app.router.redirect_slashes = False
    app.add_middleware(_Advance, estate=estate, clock=clock)
    return app


OPEN = (("/version", api_server.version_json), ("/health", api_server.health_json))


class _Advance:
    """Lets time catch up before a request, and logs it after."""

    def __init__(self, app: ASGIApp, estate: Estate, clock: Callable[[], datetime]) -> None:
        self.app, self.estate, self.clock = app, estate, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.estate.engine.advance(self.clock())

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.estate.requests.append((scope["method"], scope["path"], message["status"]))
            await send(message)

        await self.app(scope, receive, noted)


def _route(
    estate: Estate, method: str, path: str, roles: tuple[Role, ...], answer: Callable[[Call], Awaitable[Response]]
) -> Route:
    async def endpoint(request: Request) -> Response:
        found = user_of(estate, request)
        # 2.11.2 says 403, not 401, also to those who did not log in.
        if found is None or found[1].role not in roles:
            raise Refusal(403, "Forbidden", None, "PermissionDenied")
        return await answer(Call(estate, request, *found))

    return Route(ROOT + path, endpoint, methods=[method])


def _open_route(estate: Estate, path: str, answer: Callable[[Estate], Response]) -> Route:
    async def endpoint(request: Request) -> Response:
        del request
        return answer(estate)

    return Route(path, endpoint, methods=["GET"])


def _page(estate: Estate, method: str, path: str, answer: Callable[[Estate, Request], Awaitable[Response]]) -> Route:
    async def endpoint(request: Request) -> Response:
        return await answer(estate, request)

    return Route(path, endpoint, methods=[method])
