"""The wire: values of the core to messages and back, and the calls that carry them."""
