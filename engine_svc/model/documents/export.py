"""A process of a BPMN file as a JSON or YAML document."""

from __future__ import annotations

import json
from typing import Any

from engine_svc.model.documents.convert import convert
from engine_svc.model.documents.from_bpmn import NotExpressibleError, from_bpmn
from engine_svc.model.documents.yaml_reader import is_plain_text


def export(xml: bytes, key: str, *, is_json: bool) -> bytes:
    """Return the document for the process `key` of a BPMN file that can be deployed. Raises `NotExpressibleError`."""
    document = from_bpmn(xml, key)
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n" if is_json else _yaml(document)
    content = text.encode("utf-8", "surrogatepass")
    # What the format does not take (an id with blanks, a text that is too long) is not expressible either.
    problems = convert(content, is_json=is_json).problems
    if problems:
        raise NotExpressibleError((problem.element_id or key, problem.message) for problem in problems)
    return content


def _yaml(document: dict[str, Any]) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes each text that YAML 1.2 would read as something else."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = "|" if "\n" in value else None if is_plain_text(value) else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    made: str = yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)
    return made
