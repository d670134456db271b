"""All servers of the internet, by a proxy: python3 internet.py FOLDER CERTIFICATE KEY LOG PORT_FILE

Whatever host a client has itself connected to (CONNECT), it gets the files of FOLDER/HOST over TLS, with CERTIFICATE. LOG has a line for
each request: HOST PATH.
"""

import http.server
import os
import ssl
import sys

folder, certificate, key, log, port_file = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


class Handler(http.server.SimpleHTTPRequestHandler):
    host = None

    def do_CONNECT(self):
        self.host = self.path.split(":")[0]
        self.directory = os.path.join(folder, self.host)
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")
        self.handle_one_request()
        self.wfile.flush()
        self.close_connection = True

    def do_GET(self):
        with open(log, "a") as lines:
            print(self.host, self.path, file=lines)
        super().do_GET()

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(port_file + ".part", "w") as port:
    port.write(str(server.server_port))
os.replace(port_file + ".part", port_file)
server.serve_forever()
