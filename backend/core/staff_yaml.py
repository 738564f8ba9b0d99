"""Reads staff content as text: plain YAML, everything a string, nothing clever."""

from pathlib import Path
from typing import Any

import yaml

LARGEST_BYTES = 512 * 1024


class ContentWrong(Exception):
    """Content cannot be published; the message is one plain sentence a line."""


class _TextLoader(yaml.BaseLoader):
    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases are not taken", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)


def read_yaml(path: Path) -> Any:
    return yaml.load(path.read_text(), Loader=_TextLoader)
