"""An answer as a chart, with what is missing drawn and named."""
