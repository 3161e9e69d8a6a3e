# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of the pod that renews certificates, as files of a ConfigMap. Private to the collection."""

from __future__ import annotations

import functools

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    grafana_data_source_settings,
    rollout,
    work,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import (
    issuer,
    plan,
    problems,
    reasons,
    secret_objects,
    wanted,
    x509,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer import (
    api,
    data_sources,
    main,
    metrics,
    rounds,
    secret_store,
    served,
    settings,
    workloads,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer import (
    lock as renewer_lock,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.program_sources import source_of
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock import lease_object, lock

# Whatever one of them imports of the collection has to be here too.
MODULES = (
    *(
        api,
        data_sources,
        issuer,
        lease_object,
        lock,
        main,
        metrics,
        plan,
        problems,
        reasons,
        renewer_lock,
        rollout,
        rounds,
    ),
    *(grafana_data_source_settings, secret_objects, secret_store, served, settings, wanted, work, workloads, x509),
)
MAIN = main.__name__


@functools.cache
def files() -> dict[str, str]:
    """Path below a folder of PYTHONPATH to source."""
    return {f"{module.__name__.replace('.', '/')}.py": source_of(module) for module in MODULES}
