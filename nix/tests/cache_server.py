"""Serves a folder, and takes what is put there: a binary cache for tests. python3 cache_server.py FOLDER PORT_FILE

What is asked of it below /500/, /slow/, /read-only/ and /password/ goes wrong, or wants user and password.
"""

import http.server
import os
import sys
import time


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, headers=()):
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def refused(self):
        kind, _, rest = self.path[1:].partition("/")
        if kind == "500":
            self.answer(500)
            return True
        if kind == "password":
            if self.headers.get("Authorization") != "Basic dXNlcjpwYXNzd29yZA==":
                self.answer(401, [("WWW-Authenticate", "Basic")])
                return True
            self.path = "/" + rest
        if kind == "slow":
            time.sleep(0.3)
            self.path = "/" + rest
        if kind == "read-only":
            if self.command == "PUT":
                self.answer(405)
                return True
            self.path = "/" + rest
        return False

    def do_GET(self):
        if not self.refused():
            super().do_GET()

    def do_HEAD(self):
        if not self.refused():
            super().do_HEAD()

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.refused():
            return
        path = self.translate_path(self.path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".part", "wb") as file:
            file.write(body)
        os.replace(path + ".part", path)
        self.answer(201)

    def log_message(self, *args):
        pass


os.chdir(sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[2] + ".part", "w") as port:
    port.write(str(server.server_port))
os.replace(sys.argv[2] + ".part", sys.argv[2])
server.serve_forever()
