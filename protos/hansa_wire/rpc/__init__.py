"""Calls over gRPC: channels, servers, TLS, pins, statuses and limits."""
