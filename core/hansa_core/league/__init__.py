"""The league: its signed roster, members, credentials and witnesses."""
