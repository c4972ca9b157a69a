"""Values of the core to protobuf messages and back."""
