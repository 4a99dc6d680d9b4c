"""nginx on a free port of loopback, with its files in a folder of its own."""

import contextlib
import shutil
import socket
import subprocess
import time
from pathlib import Path

CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors warn;
events {{ }}
http {{
  access_log {folder}/access;
  log_format ranges '$status "$http_range" "$http_if_range" $body_bytes_sent';
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  sendfile on; tcp_nopush on;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/www;
    location / {{ access_log {folder}/access ranges; }}
    location /slow/ {{ alias {folder}/www/; limit_rate 4m; access_log {folder}/access ranges; }}
    location /few/ {{ alias {folder}/www/; limit_conn one 1; limit_rate 8m; }}
    location /moved/ {{ return 302 /$arg_to; }}
  }}
  limit_conn_zone $server_name zone=one:32k;
}}
"""


@contextlib.contextmanager
def nginx(folder):
    """Serves `folder/www`; gives the address of its root."""
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(binary).exists():
        raise AssertionError("no nginx: scripts/setup --peers")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "www").mkdir(exist_ok=True)
    (folder / "configuration").write_text(CONFIGURATION.format(folder=folder, port=port))
    server = subprocess.Popen([binary, "-e", folder / "errors", "-c", folder / "configuration", "-p", folder])
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)
