"""A time stamp authority for tests: made with openssl, served on 127.0.0.1, valid nowhere else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

_EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
_CONFIG = """\
[tsa]
default_tsa = demo
[demo]
serial = {folder}/serial
{certs}signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class TestAuthority:
    """A root certificate, a certificate for time stamps, and the way to ask for one.

    Attributes:
        folder: where its files are.
        chain: the root certificate, for `-CAfile`.
    """

    __test__ = False

    def __init__(self, folder: Path, *, with_chain: bool = False, days: int = 3650) -> None:
        folder.mkdir(parents=True)
        self.folder, self.chain = folder, folder / "root.pem"
        self._openssl(
            "req", "-x509", *_EC, "-days", "3650", "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=root"
        )
        self._openssl("req", *_EC, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=tsa")
        (folder / "ext").write_text("extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n")
        signing = ["-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-extfile", "ext", "-days", str(days)]
        self._openssl("x509", "-req", "-in", "tsa.csr", *signing, "-out", "tsa.pem")
        (folder / "serial").write_text("01\n")
        certs = f"certs = {folder}/root.pem\n" if with_chain else ""
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder, certs=certs))

    @property
    def command(self) -> tuple[str, ...]:
        """A command that answers a query on standard input."""
        openssl = shutil.which("openssl") or "openssl"
        paths = [str(self.folder / name) for name in ("tsa.cnf", "tsa.pem", "tsa.key")]
        code = (
            "import subprocess, sys, tempfile, pathlib\n"
            "openssl, config, cert, key = sys.argv[1:]\n"
            "with tempfile.TemporaryDirectory() as folder:\n"
            "    query = pathlib.Path(folder, 'q'); query.write_bytes(sys.stdin.buffer.read())\n"
            "    out = pathlib.Path(folder, 'r')\n"
            "    subprocess.run([openssl, 'ts', '-reply', '-config', config, '-queryfile', query, '-signer', cert,"
            " '-inkey', key, '-out', out], check=True, stderr=subprocess.DEVNULL)\n"
            "    sys.stdout.buffer.write(out.read_bytes())\n"
        )
        return (sys.executable, "-c", code, openssl, *paths)

    def answer(self, query: bytes) -> bytes:
        """Answer a query."""
        return subprocess.run(self.command, input=query, capture_output=True, check=True).stdout

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Serve over HTTP on a free port; yield the address."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                right = self.headers["Content-Type"] == "application/timestamp-query" and self.path == "/tsa"
                reply = authority.answer(query) if right else b""
                self.send_response(200 if right else 404)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
                pass

        with HTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/tsa"
            finally:
                server.shutdown()
                thread.join()

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
