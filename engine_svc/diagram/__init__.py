"""Draws a BPMN file as SVG: from its own diagram, or in a layout made here where it has none."""
