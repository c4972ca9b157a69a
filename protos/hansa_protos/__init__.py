"""The messages of Hansa: protos, and beside them the code that is generated from them."""
