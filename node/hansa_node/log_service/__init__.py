"""The city's log over HTTPS: read by those who may, and this city's services to other logs as witness and mirror."""
