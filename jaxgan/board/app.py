"""The board's answers: the page, its scripts, what it asks for as JSON, pictures and pages of runs, and the one thing it may do, stop a run.

A run is named by an id from the list, never by a path, and a picture by its step and replica: no text from outside becomes a path.
"""

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from jaxgan.board import views
from jaxgan.board.watching import NoSuch, Watch, Watched
from jaxgan.errors import UserError
from jaxgan.loopback import LOOPBACK, Headers
from jaxgan.report.html import Markup, markup, own_text

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)  # Plotly writes its styles into the page
# A page from a run folder runs its own scripts apart from the board's address, and can ask for nothing.
RUN_PAGE_POLICY = (
    "sandbox allow-scripts allow-downloads allow-popups; default-src 'none'; img-src data: blob:; style-src 'unsafe-inline';"
    " script-src 'unsafe-inline' 'wasm-unsafe-eval'; frame-ancestors 'none'"
)
OWN = {"board.css": "text/css", "board.js": "text/javascript", "elements.js": "text/javascript", "list.js": "text/javascript",
       "run.js": "text/javascript", "compare.js": "text/javascript"}  # fmt: skip
LONGEST = 4096  # bytes of a request to stop a run

Answer = Callable[[Request], Response]


def make_app(root: Path, hosts: Sequence[str] = LOOPBACK) -> Starlette:
    """The application that shows the runs under `root` to requests that name one of `hosts`."""
    watch = Watch(root)
    token = secrets.token_urlsafe(24)
    answers = Answers(watch, token)
    routes = [
        Route("/", answers.page),
        Route("/own/{name}", answers.own_file),
        Route("/runs.json", _in_thread(answers.rows)),
        Route("/run.json", _in_thread(answers.run)),
        Route("/charts.json", _in_thread(answers.charts)),
        Route("/compare.json", _in_thread(answers.compare)),
        Route("/picture.png", _in_thread(answers.picture)),
        Route("/run-page", _in_thread(answers.report)),
        Route("/generator-page", _in_thread(answers.generator)),
        Route("/comparison-page", _in_thread(answers.comparison)),
        Route("/stop", answers.stop, methods=["POST"]),
    ]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Headers, headers={"Cache-Control": "no-cache", "Content-Security-Policy": PAGE_POLICY}),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            Middleware(GZipMiddleware, minimum_size=2000, compresslevel=4),
        ],
        exception_handlers={UserError: _refused, NoSuch: _refused},
    )
    app.state.watch, app.state.token = watch, token
    return app


def _in_thread(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Reading files takes its time; other requests are answered meanwhile."""

    async def answered(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    return answered


async def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, UserError):
        return as_json({"error": str(error)}, 409)
    return as_json({"error": "there is no such run, or no such file of it"}, 404)


def as_json(value: Any, status: int = 200) -> Response:
    """The value in plain ASCII: names of files may hold what is no UTF-8."""
    return Response(json.dumps(value, separators=(",", ":"), allow_nan=False), status, media_type="application/json")


class Answers:
    """An answer to each request, of the runs that a `Watch` knows."""

    def __init__(self, watch: Watch, token: str) -> None:
        """`token` is given with the page, which no other origin can read, and asked for where a run is to be stopped."""
        self._watch, self._token = watch, token

    async def page(self, request: Request) -> Response:
        return Response(page_html(self._watch.root.name, self._token), media_type="text/html")

    async def own_file(self, request: Request) -> Response:
        """A style or script: the board's, the pages' or Plotly's."""
        name = request.path_params["name"]
        if name in OWN:
            return Response((files("jaxgan.board") / name).read_bytes(), media_type=OWN[name])
        if name == "page.css":
            return Response(own_text("page.css"), media_type="text/css")
        if name == "charts.js":
            return Response(own_text("charts.js"), media_type="text/javascript")
        if name == "plotly.js":
            path = Path(str(files("plotly") / "package_data" / "plotly.min.js"))
            return FileResponse(path, media_type="text/javascript", headers={"Cache-Control": "max-age=86400"})
        raise NoSuch(name)

    def rows(self, request: Request) -> Response:
        given = request.query_params
        return as_json(views.rows_since(self._watch, _whole(given.get("since")), given.get("board", "")))

    def run(self, request: Request) -> Response:
        with self._watch.guard:
            return as_json(views.run_in_full(self._run(request)))

    def charts(self, request: Request) -> Response:
        """The charts of one run or several; nothing (204) where they are those that the page has already."""
        with self._watch.guard:
            version, charts = views.charts_of(self._runs(request))
        if version == request.query_params.get("version"):
            return Response(status_code=204)
        return as_json(views.charts_view(version, charts))

    def compare(self, request: Request) -> Response:
        with self._watch.guard:
            return as_json(views.differences(self._runs(request)))

    def picture(self, request: Request) -> Response:
        """A picture of samples, by step and replica."""
        run = self._run(request)
        step, replica = (_whole(request.query_params.get(name)) for name in ("step", "replica"))
        with self._watch.guard:
            paths = [found.path for found in run.pictures if found.replica == replica and found.step == step]
        if not paths:
            raise NoSuch(str(step))
        return _file(request, run, paths[0], "image/png")

    def report(self, request: Request) -> Response:
        """The run's page, written anew of what its folder holds, for the one there may be older."""
        run = self._run(request)
        return Response(views.page_of_run(run), media_type="text/html", headers={"Content-Security-Policy": RUN_PAGE_POLICY})

    def generator(self, request: Request) -> Response:
        """The page in which the generator draws, where it was exported."""
        run = self._run(request)
        return _file(request, run, run.files.generator_page, "text/html", {"Content-Security-Policy": RUN_PAGE_POLICY})

    def comparison(self, request: Request) -> Response:
        page = views.page_of_comparison(self._runs(request))
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": RUN_PAGE_POLICY})

    async def stop(self, request: Request) -> Response:
        """Stops a run, where the board's own page asks from this machine."""
        reason = self._why_not(request)
        if reason:
            return as_json({"error": reason}, 403)
        content = b""
        async for part in request.stream():
            content += part
            if len(content) > LONGEST:
                return as_json({"error": "the request is too long"}, 413)
        try:
            id = json.loads(content)["run"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return as_json({"error": 'the request is no JSON of the form {"run": "..."}'}, 400)
        if not isinstance(id, str):
            return as_json({"error": 'the request is no JSON of the form {"run": "..."}'}, 400)
        await run_in_threadpool(self._stop, id)
        return as_json({"stopping": True})

    def _stop(self, id: str) -> None:
        with self._watch.guard:
            self._watch.run(id).stop()

    def _why_not(self, request: Request) -> str:
        """Why a request may not change anything; empty where it may."""
        given = request.headers
        if given.get("origin") != f"{request.url.scheme}://{given.get('host', '')}":
            return "runs are stopped from the board's own page alone"
        if not secrets.compare_digest(given.get("x-jaxgan-token", "").encode(), self._token.encode()):
            return "the page is of an earlier board: load it again"
        if not given.get("content-type", "").startswith("application/json"):
            return "the request is no JSON"
        if request.client is None or request.client.host not in ("127.0.0.1", "::1"):
            return "runs are stopped from the machine alone on which the board runs"
        return ""

    def _run(self, request: Request) -> Watched:
        return self._watch.run(request.query_params.get("run", ""))

    def _runs(self, request: Request) -> list[Watched]:
        ids = list(dict.fromkeys(request.query_params.getlist("run")))
        if not ids or len(ids) > views.COMPARED:
            raise UserError(f"{len(ids)} runs: name one to {views.COMPARED}")
        return [self._watch.run(id) for id in ids]


def _whole(text: str | None) -> int:
    """A whole number of a request; 0 where it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else 0


def _file(request: Request, run: Watched, path: Path, kind: str, headers: Mapping[str, str] | None = None) -> Response:
    """A file of the run folder; refused where a link leads out of the folder, or where it is no file."""
    if not path.is_file() or not run.files.holds(path):
        raise NoSuch(path.name)
    status = path.stat()
    tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return FileResponse(path, media_type=kind, headers={**(headers or {}), "ETag": tag}, stat_result=status)


def page_html(folder: str, token: str) -> Markup:
    """The one page; board.js fills it."""
    return markup(
        """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="token" content="{token}">
<title>{folder}: jaxgan board</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/own/page.css">
<link rel="stylesheet" href="/own/board.css">
<script src="/own/plotly.js" defer></script>
<script src="/own/charts.js" defer></script>
<script src="/own/board.js" type="module"></script>
</head>
<body class="board">
<a class="skip" href="#main">Skip to the runs</a>
<header class="top">
<a class="home" href="#/">jaxgan board</a>
<span class="folder">{folder}</span>
<output id="connection"></output>
</header>
<main id="main" tabindex="-1"><p id="loading">Reading the runs.</p><noscript><p>The board needs JavaScript.</p></noscript></main>
</body>
</html>
""",
        folder=folder.encode(errors="replace").decode(),
        token=token,
    )
