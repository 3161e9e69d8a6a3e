# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a chart comes from, and the checksum that its repository's index has for it."""

from __future__ import annotations

import os
import tarfile
import traceback

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proxy import opened
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.yaml_library import LOADER

YAML_ERROR = None
try:
    import yaml
except ImportError:
    YAML_ERROR = traceback.format_exc()

OCI = "oci://"


class ChartError(Exception):
    """A chart that cannot be had, and why."""


class Source:
    """A chart's name, C(oci://) reference or path, with what goes with it."""

    def __init__(self, chart, repository, version):
        self.path = os.path.expanduser(chart) if chart[:1] in "./~" else ""
        self.version = version
        self.name = chart.rstrip("/").rpartition("/")[2]
        self.index = ""
        if self.path:
            self.address, self.arguments = self.path, [self.path]
            return
        if chart.startswith(OCI) or repository.startswith(OCI):
            self.address = chart if chart.startswith(OCI) else "%s/%s" % (repository.rstrip("/"), chart)
            self.arguments = [self.address, "--version", version]
        else:
            self.address = repository
            self.arguments = [chart, "--repo", repository, "--version", version]
            self.index = repository.rstrip("/") + "/index.yaml"

    @property
    def file_name(self):
        return self.name if self.path else "%s-%s.tgz" % (self.name, self.version)

    def identity(self):
        """Name and version; of an archive or a folder what it says of itself."""
        if not self.path:
            return self.name, self.version
        try:
            if os.path.isdir(self.path):
                with open(os.path.join(self.path, "Chart.yaml"), "rb") as file:
                    text = file.read()
            else:
                with tarfile.open(self.path) as archive:
                    text = next(
                        archive.extractfile(entry).read()
                        for entry in archive
                        if entry.isfile() and entry.name.count("/") == 1 and entry.name.endswith("/Chart.yaml")
                    )
            metadata = yaml.safe_load(text)
            return metadata["name"], metadata["version"]
        except (OSError, tarfile.TarError, yaml.YAMLError, KeyError, TypeError, StopIteration) as error:
            raise ChartError("The chart '%s' cannot be read: %s" % (self.path, error)) from error

    def index_checksum(self):
        """What the repository's index says; an empty string where there is no index, or it says nothing."""
        if not self.index:
            return ""
        try:
            # An index has some hundred thousand lines; the loader in C takes seconds for them, the other one minutes.
            with opened(self.index, timeout=60) as answer:
                index = yaml.load(answer, Loader=LOADER)
            entries = index["entries"][self.name]
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise ChartError("%s cannot be read: %s" % (self.index, error)) from error
        return next(
            (
                (entry.get("digest") or "").replace("sha256:", "")
                for entry in entries
                if entry.get("version") == self.version
            ),
            "",
        )
