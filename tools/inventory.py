"""Writes what is built in, as CycloneDX reads it, from the lock files alone: python -m tools.inventory > inventory.json

The same locks give the same bytes, so that a release's inventory can be made again and compared.
"""

import json
import sys
import uuid
from collections.abc import Sequence
from typing import Any

from tools.assets import ROOT
from tools.pins import Pin, PinError, read_pins

NAMESPACE = uuid.UUID("6f0b8f0a-51a2-5f57-9d0c-6a6b0f1f7a10")


def inventory(pins: Sequence[Pin]) -> dict[str, Any]:
    """Return the inventory of some packages."""
    components = [_component(pin) for pin in pins]
    contents = json.dumps(components, sort_keys=True)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, contents)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "service", "name": "safeguarding-panels"}},
        "components": components,
        "dependencies": [
            {"ref": "service", "dependsOn": [pin.purl for pin in pins]},
            *({"ref": pin.purl} for pin in pins),
        ],
    }


def _component(pin: Pin) -> dict[str, Any]:
    # CycloneDX says "excluded" of what helps to make a thing and is no part of it.
    return {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "purl": pin.purl,
        "scope": "required" if pin.is_served else "excluded",
        # Each file that may be installed has a hash of its own, by operating system; an installer takes one of them.
        "hashes": [{"alg": algorithm, "content": content} for algorithm, content in pin.hashes],
    }


def main() -> int:
    """Write the inventory to standard output; 1 when a lock file cannot be read."""
    try:
        found = inventory(read_pins(ROOT))
    except (PinError, OSError, ValueError, KeyError) as wrong:
        sys.stderr.write(f"The lock files cannot be read: {wrong}\n")
        return 1
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
