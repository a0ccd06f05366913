"""Ways on which notifications leave the mesh: e-mail, services that apprise knows, webhooks."""
