"""What a notification says to somebody: the right template, with the right data, in the right language."""
