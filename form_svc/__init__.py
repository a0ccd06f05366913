"""The form service: definitions of forms, forms of tasks and starts, what is submitted with them."""
