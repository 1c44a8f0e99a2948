"""The library that draws the charts, as one script."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

SNIPPET = "window.vegaEmbed = vegaEmbed;"

END = "\n/* whole */\n"
"""The end of a kept script; without it, the disk was full or the process was stopped."""


def script() -> str:
    """Return Vega, Vega-Lite and Vega-Embed, as vl-convert bundles them.

    Bundling takes seconds and depends on its version alone, so the result is kept in the
    environment, if that can be written to.
    """
    kept = Path(sys.prefix, "share", "acton-report", f"vega-{version('vl-convert-python')}.js")
    with suppress(OSError, UnicodeDecodeError):
        text = kept.read_text(encoding="utf-8")
        if text.endswith(END):
            return text
    import vl_convert  # noqa: PLC0415 - loads a library of 80 MB, which the kept script spares

    # The end of a script element, even within a string, would end it.
    bundle: str = vl_convert.javascript_bundle(SNIPPET).replace("</script", r"<\/script") + END
    # Renamed, so that no other process reads half of it.
    made = kept.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        try:
            made.write_text(bundle, encoding="utf-8")
            made.replace(kept)
        finally:
            made.unlink(missing_ok=True)
    return bundle
