"""The long-lived stream by which a peer that only dials out is asked."""
