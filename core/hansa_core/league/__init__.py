"""Who is believed, about what: signed envelopes, the roster of the league, and the credentials of analysts."""
