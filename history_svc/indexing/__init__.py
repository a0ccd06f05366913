"""Records of history on a search server: what it is told of them, and how it is asked."""
