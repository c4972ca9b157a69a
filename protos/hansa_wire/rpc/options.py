"""The gRPC options of every channel and server: sizes, keepalive, reconnection."""

from __future__ import annotations

import grpc.experimental

from hansa_wire.codec.limits import MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES

Options = tuple[tuple[str, int | str], ...]

_KEEPALIVE_TIME_MS = 3_000  # either end notices a half-open connection within both together, while nobody asks
_KEEPALIVE_TIMEOUT_MS = 3_000  # on Linux also TCP_USER_TIMEOUT: what a call on a half-open connection costs

CHANNEL_OPTIONS: Options = (
    ("grpc.max_send_message_length", MAX_REQUEST_BYTES),
    ("grpc.max_receive_message_length", MAX_RESPONSE_BYTES),
    ("grpc.keepalive_time_ms", _KEEPALIVE_TIME_MS),
    ("grpc.keepalive_timeout_ms", _KEEPALIVE_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    # Without it, gRPC asks once a minute after two pings without data: an attached stream has none for long.
    ("grpc.http2.max_pings_without_data", 0),
    # gRPC's other pings hold up those of keepalive, and wait for a minute by themselves.
    ("grpc.http2.ping_timeout_ms", _KEEPALIVE_TIMEOUT_MS),
    # A city that comes back is found within a second, not after gRPC's default of up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 5_000),  # how long one attempt may take
    ("grpc.max_reconnect_backoff_ms", 800),
    # The roster says where a peer is; no environment variable may send the call elsewhere.
    ("grpc.enable_http_proxy", 0),
    # Connections are never shared between channels, so each keeps its own root and its own certificate.
    ("grpc.use_local_subchannel_pool", 1),
)

BLOCKING_CHANNEL_OPTIONS: Options = (
    *CHANNEL_OPTIONS,
    # The thread that reads a stream drives it: no thread is started and woken for each question.
    (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1),
)

SERVER_OPTIONS: Options = (
    ("grpc.max_send_message_length", MAX_RESPONSE_BYTES),
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
    # Consent to the channels' pings; without it they end in too_many_pings.
    ("grpc.http2.min_ping_interval_without_data_ms", _KEEPALIVE_TIME_MS // 2),
    ("grpc.keepalive_permit_without_calls", 1),
    # Without it, gRPC asks once a minute after two pings without data: an attached stream has none for long.
    ("grpc.http2.max_pings_without_data", 0),
    # gRPC's other pings hold up those of keepalive, and wait for a minute by themselves.
    ("grpc.http2.ping_timeout_ms", _KEEPALIVE_TIMEOUT_MS),
    # An attached node that vanished without a word is noticed within seconds.
    ("grpc.keepalive_time_ms", _KEEPALIVE_TIME_MS),
    ("grpc.keepalive_timeout_ms", _KEEPALIVE_TIMEOUT_MS),
    ("grpc.max_concurrent_streams", 1024),
    ("grpc.server_handshake_timeout_ms", 3_000),
    # With it, a second server on a port in use would silently take half of the calls.
    ("grpc.so_reuseport", 0),
)
