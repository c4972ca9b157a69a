"""Declaration: a city's manifest whose published tables can be laid out as it declares them."""

from __future__ import annotations

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import Manifest
from hansa_core.manifest.manifest_document import manifest_from_document
from hansa_core.protection.tables import shapes_of


def declaration_from_document(document: object, contract: Contract) -> Manifest:
    """The manifest in a parsed document: every dimension has a domain, and there are not too many cells.

    Raises ValueError that names the field, the rule and the remedy.
    """
    manifest = manifest_from_document(document, contract)
    shapes_of(contract, manifest)
    return manifest
