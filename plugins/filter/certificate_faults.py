# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils import certificates as c


def faults_of(given, wanted, authorities):
    """What stands against a certificate that somebody gave us, in words for people."""
    certificate = c.load_certificate((given.get("certificate") or "").encode())
    if certificate is None:
        return ["it is not a certificate in PEM"]
    faults = []
    if c.days_left(certificate) < 1:
        faults.append("it ends at %s" % certificate.not_valid_after_utc.strftime("%Y-%m-%d %H:%M UTC"))
    if given.get("key"):
        key = c.load_key(given["key"].encode())
        if key is None:
            faults.append("its private key is not one in PEM without a passphrase")
        elif not c.belong_together(certificate, key):
            faults.append("its private key is another one's")
    if not wanted["usage"]:
        return faults + ([] if c.is_authority(certificate) else ["it is not an authority's (basic constraint CA)"])
    if not given.get("key"):
        faults.append("its private key is missing")
    missing = sorted(set(wanted["names"]) - c.names_of(certificate)) if wanted["usage"] == "serverAuth" else []
    if missing:
        faults.append("it lacks the names %s" % ", ".join(missing))
    usages = c.usages_of(certificate)
    if usages and c.USAGES[wanted["usage"]] not in usages:
        faults.append("its extended key usage is not %s" % wanted["usage"])
    if not any(c.is_signed_by(certificate, authority) for authority in authorities):
        faults.append("the given authority did not sign it")
    return faults


def certificate_faults(given, certificates):
    c.need_library("certificate_faults")
    text = (given.get(c.AUTHORITY) or {}).get("certificate") or ""
    authorities = c.load_certificates(text.encode())
    return {name: faults_of(pair, certificates[name], authorities) for name, pair in given.items()}


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"certificate_faults": certificate_faults}
