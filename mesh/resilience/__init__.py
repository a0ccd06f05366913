"""What keeps a failure of one part from becoming the failure of the others."""
