"""What is changed by calls, each change once for each request id."""
