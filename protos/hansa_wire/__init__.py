"""The wire: values of the core to messages and back, the calls that carry them, and what every party brings to them."""
