# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of a data source that are in a Secret."""

from __future__ import annotations

import base64
import contextlib
from types import SimpleNamespace

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_data_source_tls as tls
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Unreachable, WorkError

PLACE = {"name": "loki-grafana-tls", "namespace": "monitoring"}
PARAMS = {"state": "present", "tls_secret": PLACE, "service": {"namespace": "monitoring"}, "tls_ca_cert": None}
WHOLE = {"ca.crt": b"the CA", "tls.crt": b"a certificate", "tls.key": b"its key"}


@pytest.fixture
def secret(monkeypatch):
    """What the cluster answers for the Secret."""
    answer = SimpleNamespace(data=None)

    def one(_reader, kind, version, name, namespace):
        assert (kind, version, name, namespace) == ("Secret", "v1", PLACE["name"], PLACE["namespace"])
        if answer.data is None:
            return None
        return {"data": {key: base64.b64encode(value).decode() for key, value in answer.data.items()}}

    monkeypatch.setattr(tls.Reader, "one", one)
    monkeypatch.setattr(tls.connection, "connected_client", lambda _params: contextlib.nullcontext())
    return answer


def test_the_entries_of_the_secret_are_the_options(secret):
    secret.data = WHOLE
    read = tls.with_certificates(PARAMS)
    assert {key: read[key] for key in tls.OPTIONS} == {
        "tls_ca_cert": "the CA",
        "tls_client_cert": "a certificate",
        "tls_client_key": "its key",
    }


def test_a_ca_alone_is_enough_for_a_server_that_asks_for_nothing(secret):
    secret.data = {"ca.crt": b"the CA"}
    read = tls.with_certificates(PARAMS)
    assert [read[key] for key in tls.OPTIONS] == ["the CA", "", ""]


@pytest.mark.parametrize("missing", list(WHOLE))
def test_half_a_pair_or_no_ca_is_refused(secret, missing):
    secret.data = {key: value for key, value in WHOLE.items() if key != missing}
    with pytest.raises(WorkError, match=f"lacks {missing}. Expected"):
        tls.with_certificates(PARAMS)


def test_no_secret_yet_is_what_a_dry_run_expects(secret):
    with pytest.raises(Unreachable, match="has no Secret loki-grafana-tls"):
        tls.with_certificates(PARAMS)


@pytest.mark.parametrize("params", [{"tls_secret": None}, {"state": "absent"}])
def test_nothing_is_read_where_nothing_is_needed(params):
    assert tls.with_certificates({**PARAMS, **params})["tls_ca_cert"] is None
