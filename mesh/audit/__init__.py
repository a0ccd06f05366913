"""Who changed what: what every service tells the audit trail, which the history service keeps."""
