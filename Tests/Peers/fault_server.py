"""A web server on loopback that serves files and misbehaves as a plan says.

`Resource` is a file with validators; `Plan` gives each request a fault. Ranges and If-Range follow RFC 9110.
"""

import itertools
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STATUSES = (408, 425, 429, 500, 502, 503, 504)


@dataclass
class Resource:
    content: bytes
    etag: str | None = '"1"'
    modified: str | None = "Mon, 01 Jan 2024 00:00:00 GMT"
    ranges: bool = True
    length: bool = True
    """Whether the length is told; without it the body is sent in chunks."""
    location: str | None = None
    """Where a redirection leads."""
    faults: "callable" = lambda number: None
    """The fault of the n-th request, as (name, value), or None."""
    rate: int | None = None
    """Bytes a second of each connection."""
    requests: list = field(default_factory=list)
    sent: int = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        resource = self.server.resources.get(self.path.split("?")[0])
        if resource is None:
            return self.plain(404)
        with self.server.lock:
            number = len(resource.requests)
            resource.requests.append(dict(self.headers))
        name, value = resource.faults(number) or (None, None)
        self.close_connection = True
        getattr(self, f"fault_{name}", self.serve)(resource, name, value)

    # --- faults that replace the answer

    def fault_status(self, resource, name, value):
        status, wait = value
        self.plain(status, {} if wait is None else {"Retry-After": str(wait)})

    def fault_silent(self, resource, name, value):
        time.sleep(value)

    def fault_hangup(self, resource, name, value):
        self.reset()

    def fault_nonsense(self, resource, name, value):
        self.wfile.write(b"\x00\xff what?\r\n\r\n" * 3)

    def fault_unsatisfied(self, resource, name, value):
        self.plain(416, {"Content-Range": f"bytes */{value}"})

    def fault_redirect(self, resource, name, value):
        self.plain(302, {"Location": value})

    def fault_change(self, resource, name, value):
        """From now on the file is another one."""
        resource.content, resource.etag, resource.modified = value
        self.serve(resource, None, None)

    def plain(self, status, headers=()):
        body = b"an error page\n"
        self.send_response(status)
        for key, value in dict(headers).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reset(self):
        """Ends the connection by a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.wfile = self.rfile  # nothing is flushed to a closed socket

    # --- answers with the file, and faults within them

    def asked(self, resource, name):
        """(start, end) of the range to be sent, or None for the whole."""
        text, size = self.headers.get("Range"), len(resource.content)
        if not text or not resource.ranges or name == "whole":
            return None
        condition = self.headers.get("If-Range")
        if condition and condition not in (resource.etag, resource.modified):
            return None
        first, last = text.removeprefix("bytes=").split("-")
        return int(first), min(size, int(last) + 1 if last else size)

    def serve(self, resource, name, value):
        content, size = resource.content, len(resource.content)
        part = self.asked(resource, name)
        if part and part[0] >= size:
            return self.plain(416, {"Content-Range": f"bytes */{size}"})
        start, end = part or (0, size)
        if name == "short" and part:
            end = max(start + 1, end - value)
        body = content[start:end]
        shown, total = start, size
        if name == "wrong_range":
            shown = start + value
        if name == "wrong_total":
            total = size + value
        if name == "shifted" and part:
            body = content[max(0, start - value):][:end - start]
        if name == "flipped" and body:
            at = value % len(body)
            body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]
        if name == "truncated":
            body = body[:len(body) // 2]
        self.send_response(206 if part else 200)
        if part and name != "no_range":
            self.send_header("Content-Range", f"bytes {shown}-{end - 1 + shown - start}/{total}")
        elif resource.ranges:
            self.send_header("Accept-Ranges", "bytes")
        if resource.etag:
            self.send_header("ETag", resource.etag)
        if resource.modified:
            self.send_header("Last-Modified", resource.modified)
        if name == "encoded":
            self.send_header("Content-Encoding", "gzip")
        if resource.length:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.pour(resource, body, name, value)

    def pour(self, resource, body, name, value):
        """Sends the body; `cut`, `reset` and `stall` end it after `value` bytes."""
        limit = value if name in ("cut", "reset", "stall") else len(body)
        step = 1 << 16 if resource.rate is None else max(1, resource.rate // 50)
        for offset in itertools.count(0, step):
            piece = body[offset:min(offset + step, limit)]
            if not piece:
                break
            self.wfile.write(piece if resource.length else b"%x\r\n%s\r\n" % (len(piece), piece))
            with self.server.lock:
                resource.sent += len(piece)
            if resource.rate is not None:
                time.sleep(len(piece) / resource.rate)
        if limit < len(body):
            self.wfile.flush()
            if name == "stall":
                time.sleep(self.server.stall)
            if name == "reset":
                self.reset()
            return
        if not resource.length:
            self.wfile.write(b"0\r\n\r\n")


class FaultServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, stall=3.0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.resources = {}
        self.stall = stall
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, *_):
        """Clients that leave are what the tests are about."""

    def add(self, path, resource):
        self.resources[path] = resource
        return self.address(path)

    def address(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
