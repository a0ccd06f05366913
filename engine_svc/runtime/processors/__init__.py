"""One processor for each kind of element: what happens when a token enters it, and when it is completed."""
