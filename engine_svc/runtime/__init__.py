"""The pure step: an instance and a command in, a changed instance and its changes out."""
