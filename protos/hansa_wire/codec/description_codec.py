"""Descriptions on the wire: the bytes that a city signs about what it serves."""

from __future__ import annotations

from hansa_core.instants import instant_of_seconds, seconds_of
from hansa_protos.v1 import node_pb2
from hansa_wire.codec.description import DatasetDescription, Description
from hansa_wire.codec.limits import MAX_DESCRIPTION_BYTES
from hansa_wire.codec.messages import message_from_bytes, message_to_bytes, values_of_peer
from hansa_wire.codec.plan_codec import LEVELS, contract_from_wire, contract_to_wire


def encode_description(description: Description) -> bytes:
    """The payload to sign. Raises RefusedError `too_large`."""
    message = node_pb2.Description(
        city=description.city,
        software_version=description.software_version,
        described_at_unix_s=seconds_of(description.described_at),
        datasets=[
            node_pb2.DatasetDescription(
                contract=contract_to_wire(dataset.contract),
                level=LEVELS.to_wire(dataset.level),
                data_version=dataset.data_version,
                tables=dataset.tables,
            )
            for dataset in description.datasets
        ],
    )
    return message_to_bytes(message, what="description", max_bytes=MAX_DESCRIPTION_BYTES)


def decode_description(payload: bytes) -> Description:
    """The description in a payload. Raises PeerError where it is malformed, RefusedError `too_large`."""
    kind = node_pb2.Description
    message = message_from_bytes(kind, payload, what="description", max_bytes=MAX_DESCRIPTION_BYTES)
    with values_of_peer("description"):
        return Description(
            city=message.city,
            software_version=message.software_version,
            described_at=instant_of_seconds(message.described_at_unix_s),
            datasets=tuple(
                DatasetDescription(
                    contract=contract_from_wire(dataset.contract),
                    level=LEVELS.from_wire(dataset.level),
                    data_version=dataset.data_version,
                    tables=tuple(dataset.tables),
                )
                for dataset in message.datasets
            ),
        )
