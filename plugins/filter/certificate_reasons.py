# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils import certificates as c


def reasons_against(certificate, key, wanted, authority, renew_before_days):
    """Why this certificate of ours cannot stay, in words for people."""
    if certificate is None or key is None:
        return ["it is not there, or not readable"]
    reasons = []
    left = c.days_left(certificate)
    if left < renew_before_days:
        reasons.append("%d days are left, renewal begins at %d" % (left, renew_before_days))
    lifetime = (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days
    if lifetime != int(wanted["days"]):
        reasons.append("its lifetime is %d days, asked for are %s" % (lifetime, wanted["days"]))
    if c.common_name(certificate) != [wanted["common_name"]]:
        reasons.append("its common name is not '%s'" % wanted["common_name"])
    if c.names_of(certificate) != set(wanted["names"]):
        reasons.append("its names are not %s" % ", ".join(wanted["names"]))
    if wanted["usage"] and c.usages_of(certificate) != {c.USAGES[wanted["usage"]]}:
        reasons.append("its usage is not %s" % wanted["usage"])
    if not c.belong_together(certificate, key):
        reasons.append("its private key is another one")
    if authority is None or not c.is_signed_by(certificate, authority):
        reasons.append("the certificate authority did not sign it")
    return reasons


def differs_from(given, data, certificate, key, wanted):
    """Why what is in the Secret is not what was given."""
    if not wanted["usage"]:
        # An authority can be several, and its key need not be known to the cluster.
        stored = c.load_certificates(c.decoded(data, wanted["secret"], wanted["crt"]))
        same = set(stored) == set(c.load_certificates(given["certificate"].encode()))
        return [] if same else ["another one was given"]
    if certificate is None or key is None:
        return ["it is not there, or not readable"]
    if certificate != c.load_certificate(given["certificate"].encode()):
        return ["another one was given"]
    return [] if c.belong_together(certificate, key) else ["its private key is another one"]


def certificate_reasons(data, certificates, renew_before_days, given=None, asked=None):
    c.need_library("certificate_reasons")
    given, asked = given or {}, asked or []
    pairs = {name: c.read_pair(data, wanted) for name, wanted in certificates.items()}
    authority = pairs[c.AUTHORITY][0]
    reasons = {}
    for name, wanted in certificates.items():
        if name in given:
            reasons[name] = differs_from(given[name], data, *pairs[name], wanted)
        else:
            reasons[name] = reasons_against(*pairs[name], wanted, authority, int(renew_before_days))
        if name in asked and not reasons[name]:
            reasons[name].append("its rotation was asked for")
    return reasons


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"certificate_reasons": certificate_reasons}
