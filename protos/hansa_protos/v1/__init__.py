"""The first version of the messages; what ends in `_pb2` or `_pb2_grpc` is generated."""
