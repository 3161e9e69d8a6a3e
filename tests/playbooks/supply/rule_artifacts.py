"""Artifacts with rules files as falcoctl pushes them, of the test's own."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

CONFIG_TYPE = "application/vnd.cncf.falco.rulesfile.config.v1+json"
LAYER_TYPE = "application/vnd.cncf.falco.rulesfile.layer.v1+tar.gz"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


def tar(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)


def layout(
    folder: Path,
    layer: bytes,
    config_type: str = CONFIG_TYPE,
    layers: int = 1,
    layer_type: str = LAYER_TYPE,
    annotations: Mapping[str, str] | None = None,
) -> str:
    """Writes an OCI image layout; the digest of its manifest."""

    def blob(content: bytes, media_type: str) -> dict:
        digest = hashlib.sha256(content).hexdigest()
        path = folder / "blobs" / "sha256" / digest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    config = {
        "name": "rules",
        "version": "1.0.0",
        "requirements": [{"name": "engine_version_semver", "version": "0.57.0"}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": blob(json.dumps(config).encode(), config_type),
        "layers": [blob(layer, layer_type) | ({"annotations": annotations} if annotations else {})] * layers,
    }
    described = blob(json.dumps(manifest).encode(), MANIFEST_TYPE)
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [described]}), encoding="utf-8")
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")
    return described["digest"]


def push(folder: Path, reference: str, environment: Mapping[str, str]) -> None:
    """Puts a layout's artifact into a registry."""
    command = ["skopeo", "copy", "--quiet", f"oci:{folder}", f"docker://{reference}"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
