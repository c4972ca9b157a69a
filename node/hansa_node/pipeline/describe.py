"""The city's signed description of what it serves."""

from __future__ import annotations

from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, sign
from hansa_node import __version__
from hansa_node.context import NodeContext
from hansa_wire.codec.description import DatasetDescription, Description
from hansa_wire.codec.description_codec import encode_description


def describe(context: NodeContext) -> Envelope:
    """The signed description of what is served at this moment."""
    description = Description(
        city=context.city,
        software_version=__version__,
        described_at=context.clock(),
        datasets=tuple(
            DatasetDescription(
                contract=dataset.contract.id,
                level=dataset.manifest.level,
                data_version=dataset.data_version,
                tables=tuple(table.name for table in dataset.manifest.tables),
            )
            for dataset in context.datasets.all_current()
        ),
    )
    return sign(payload_types.DESCRIPTION, encode_description(description), context.signer)
