# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a pod and counts kernel events as a sensor does that gets none any more."""

import http.server


class Frozen(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"falcosecurity_scap_n_evts_total 7\n")


http.server.ThreadingHTTPServer(("", 8765), Frozen).serve_forever()
