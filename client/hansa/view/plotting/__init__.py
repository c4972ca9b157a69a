"""An answer as a chart that hides nothing: what is missing is drawn, and said."""
