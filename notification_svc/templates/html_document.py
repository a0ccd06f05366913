"""The document around the HTML of a message."""

from __future__ import annotations

import re

from markupsafe import escape

_DOCUMENT = re.compile(r"\s*(<!doctype|<html)", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,35}", re.ASCII)
# Mail programs keep little more than styles in the elements themselves, and a few in the head.
_LAYOUT = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ margin: 0; padding: 24px; background: #f5f6f8; color: #1f2329; font: 15px/1.6 sans-serif }}
.box {{ max-width: 600px; margin: 0 auto; padding: 24px 32px; background: #fff; border-radius: 8px }}
h1 {{ margin: 0 0 16px; font-size: 20px }}
table {{ border-collapse: collapse }}
th, td {{ padding: 4px 16px 4px 0; text-align: left; vertical-align: top }}
th {{ color: #646a73; font-weight: normal; white-space: nowrap }}
blockquote {{ margin: 16px 0; padding: 0 0 0 16px; border-left: 3px solid #dee0e3 }}
a.button {{ display: inline-block; padding: 8px 20px; background: #1890ff; color: #fff; border-radius: 4px;
  text-decoration: none }}
.small {{ color: #8f959e; font-size: 13px }}
</style>
</head>
<body>
<div class="box">
{content}
</div>
</body>
</html>
"""


def html_document(content: str, title: str, language: str) -> str:
    """Return a whole document: what is one already as it is, a part of one with the usual looks around it."""
    if _DOCUMENT.match(content):
        return content
    tag = language if _LANGUAGE.fullmatch(language) else "en"
    return _LAYOUT.format(language=tag, title=escape(title.strip()), content=content.strip())
