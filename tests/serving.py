"""A server for a built site."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class _Quiet(http.server.SimpleHTTPRequestHandler):
    prefix = "/"

    def translate_path(self, path):
        inside = "/" + path.removeprefix(self.prefix) if path.startswith(self.prefix) else "/outside-the-site"
        return super().translate_path(inside)

    def log_message(self, *_):
        pass


@contextmanager
def serve(folder: Path, prefix: str) -> Iterator[str]:
    """Serve `folder` on 127.0.0.1 below `prefix` and nowhere else, as GitHub Pages does; yield its address."""
    handler = functools.partial(type("Handler", (_Quiet,), {"prefix": prefix}), directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{prefix}"
    server.shutdown()
    server.server_close()
