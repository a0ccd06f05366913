"""Archives as files: what is in them, and the process that writes and reads them."""
