# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_certificates with an issuer on a cluster without cert-manager, and with its kinds alone."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

from . import cluster
from .cluster import Namespace

ISSUER = {"name": "pipeline"}


def test_without_cert_manager(tmp_path):
    with cluster.api_server(tmp_path) as api:
        place = Namespace(api, "logs")
        with pytest.raises(
            WorkError, match=r"loki_stack_certificate_issuer: the cluster has no Certificates .*install it"
        ):
            place.run(issuer=ISSUER)
        assert "no Certificates" in place.run(check=True, issuer=ISSUER)["warnings"][0]
        assert place.run()["changed"] and not place.run()["changed"]
        cluster.install(api)
        place.issuer()
        # Its kinds are there, and nobody signs.
        with pytest.raises(
            WorkError, match=r"has not issued within 3 s 2 certificates.*Issuing=True \(ManuallyTriggered"
        ):
            place.run(issuer=ISSUER, wait_timeout=3)
        # The interrupted switch is taken back.
        found = place.run()
        assert found["changed"] and place.certificate("server-tls") is None
        assert not place.run()["changed"]
