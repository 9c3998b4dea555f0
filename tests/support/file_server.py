"""A real HTTP server on this machine that, if asked to, cuts, lies and forgets."""

import hashlib
import http.server

BODY = bytes(range(256)) * 8000  # 2 MB
DIGEST = hashlib.sha256(BODY).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves `body` at every path. `cuts`: after how many bytes each of the first answers is cut off."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.etag, self.cuts, self.ranges, self.status = BODY, '"one"', [], True, None
        self.kind = "application/octet-stream"
        self.asked = []  # the Range of each request
        self.files = {}  # what is served at a path of its own
        self.sent = 0

    def url(self, name="net.mag"):
        return f"http://127.0.0.1:{self.server_port}/{name}"

    def serve_forever(self, poll_interval=0.01):  # seconds that a shutdown takes
        super().serve_forever(poll_interval)

    def handle_error(self, *_):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        if self.path in server.files:
            server.body = server.files[self.path]
        wanted = self.headers.get("Range")
        server.asked.append(wanted)
        if server.status:
            self.send_error(server.status)
            return
        start = 0
        if wanted and server.ranges and self.headers.get("If-Range") == server.etag:
            start = int(wanted[len("bytes=") : -1])
            if start >= len(server.body):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(server.body) - 1}/{len(server.body)}")
        self.send_header("Content-Length", str(len(server.body) - start))
        self.send_header("ETag", server.etag)
        self.send_header("Content-Type", server.kind)
        self.end_headers()
        rest = server.body[start:]
        if server.cuts:
            rest = rest[: server.cuts.pop(0)]
        server.sent += len(rest)  # before: who has read it all may look at once
        self.wfile.write(rest)
