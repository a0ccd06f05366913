"""The BPMN model: read from XML, mapped from the dialects, and checked."""
