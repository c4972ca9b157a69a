"""The wire: values of the core to messages and back, the calls that carry them, and what every party brings to them."""

import os

# gRPC writes lines of its own to standard error, such as OpenSSL's words for a failed handshake, before anybody could
# say what they mean. What they are about is told by our logs and errors; whoever needs them sets the variable.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
