"""Compiles the BPMN model to the executable graph that the runtime interprets."""
