"""What statistics mean, without a database: durations in buckets, what a row of history adds, periods of time zones."""
