# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils import certificates as c


def certificate_dates(data):
    c.need_library("certificate_dates")
    dates = {}
    for secret, entries in data.items():
        # The authorities beside a certificate have a Secret of their own.
        own = [entry for entry in entries or {} if entry.endswith(".crt") and entry != c.TRUSTED] or [c.TRUSTED]
        certificate = c.load_certificate(c.decoded(data, secret, own[0]))
        if certificate is not None:
            dates[secret] = int(certificate.not_valid_after_utc.timestamp())
    return dates


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"certificate_dates": certificate_dates}
