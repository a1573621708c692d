"""A loopback server that answers each request with the next step of a script."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True, kw_only=True)
class Step:
    """One answer; a status of 0 cuts the connection instead."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class ScriptedServer:
    """What was asked of it."""

    url: str = ""
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def scripted(steps: Sequence[Step]) -> Iterator[ScriptedServer]:
    """Serve the script; its last step holds."""
    seen = ScriptedServer()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            seen.requests.append((self.command, self.path, dict(self.headers), self._read()))
            step = steps[min(len(seen.requests), len(steps)) - 1]
            if step.status == 0:
                self.connection.close()
                return
            self.send_response(step.status)
            for name, value in step.headers.items():
                self.send_header(name, value)
            if step.status != 204:
                self.send_header("Content-Length", str(len(step.body)))
            self.end_headers()
            if step.status != 204:
                self.wfile.write(step.body)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

        def _read(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
