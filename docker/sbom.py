"""Print a CycloneDX 1.5 document of the distributions that are installed beside this interpreter."""

import hashlib
import json
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions


def component(found: Distribution) -> dict[str, object]:
    """One distribution as CycloneDX says it."""
    name, version = found.metadata["Name"].lower().replace("_", "-"), found.version
    reference = f"pkg:pypi/{name}@{version}"
    said: dict[str, object] = {"type": "library", "bom-ref": reference, "name": name, "version": version}
    licence = found.metadata.get("License-Expression")
    if licence:
        said["licenses"] = [{"expression": licence}]
    record = found.read_text("RECORD")
    if record is not None:  # what pip wrote of every file with its hash: one hash for the whole
        digest = hashlib.sha256(record.encode()).hexdigest()
        said["properties"] = [{"name": "causal-eval:record-sha256", "value": digest}]
    return said | {"purl": reference}


def document(installed: Iterable[Distribution]) -> dict[str, object]:
    """The whole, in the order of names: the same installation makes the same text."""
    parts = sorted((component(one) for one in installed), key=lambda part: str(part["bom-ref"]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "causal-eval-bench", "name": "causal-eval-bench"}},
        "components": parts,
    }


if __name__ == "__main__":
    json.dump(document(distributions()), sys.stdout, indent=1)
    sys.stdout.write("\n")
