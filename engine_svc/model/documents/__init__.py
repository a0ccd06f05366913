"""Process definitions as JSON or YAML documents: read, checked, converted to BPMN and back."""
