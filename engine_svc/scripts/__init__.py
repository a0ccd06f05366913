"""Scripts of the model: which languages run, and the sandbox that runs JavaScript in processes of its own."""
