"""A chart that a notebook shows and keeps without a network: for JupyterLab's own Vega, as SVG, and as text."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any
from xml.etree import ElementTree

import altair as alt
import vl_convert

_SVG = "http://www.w3.org/2000/svg"
_LINK = "http://www.w3.org/1999/xlink"
_ID_IN_USE = re.compile(r"url\(#([^)]+)\)")

ElementTree.register_namespace("", _SVG)
ElementTree.register_namespace("xlink", _LINK)


_LAB_KIND = "application/vnd.vegalite.v5+json"
_LAB_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
"""What JupyterLab 4 draws by itself, with tooltips; the charts use nothing that came later."""


class _Offline(alt.TopLevelMixin):
    """What a notebook is handed. A renderer that was enabled on purpose, as `alt.renderers.enable("jupyter")`, wins."""

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
        if alt.renderers.active != "default":
            return super()._repr_mimebundle_(*args, **kwargs)
        spec = self.to_dict()
        return {
            _LAB_KIND: spec | {"$schema": _LAB_SCHEMA},
            "image/svg+xml": drawn(spec),
            "text/plain": repr(self),
        }

    def __repr__(self) -> str:
        """Title and caption, for a prompt and for who hears the page."""
        title = self.to_dict()["title"]
        text = title["text"]
        return "\n".join([*([text] if isinstance(text, str) else text), *title["subtitle"]])


class OfflineLayerChart(_Offline, alt.LayerChart):
    """An `altair.LayerChart` that shows without a network."""


class OfflineFacetChart(_Offline, alt.FacetChart):
    """An `altair.FacetChart` that shows without a network."""


def _name_of(spec: dict[str, Any]) -> str:
    text = spec["title"]["text"]
    return text if isinstance(text, str) else " ".join(text)


def drawn(spec: dict[str, Any]) -> str:
    """The specification as SVG, for a page of its own or the middle of one that has other charts.

    What a mark says to a screen reader is also its tooltip, as a `<title>`.
    """
    picture = vl_convert.vegalite_to_svg(spec)
    own = f"h{sha256(picture.encode()).hexdigest()[:10]}-"  # a clip of another chart on the page has no such name
    # Drawn by Vega from a specification of ours: no entity and no document of a stranger's is read.
    root = ElementTree.fromstring(picture)  # noqa: S314
    root.set("role", "graphics-document")
    root.set("aria-label", _name_of(spec))
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name == "id":
                element.set(name, own + value)
            elif "url(#" in value:
                element.set(name, _ID_IN_USE.sub(rf"url(#{own}\1)", value))
        said = element.get("aria-label")
        if said and element.get("role") == "graphics-symbol":
            title = ElementTree.Element(f"{{{_SVG}}}title")
            title.text = said
            element.insert(0, title)
        elif element.get("role") == "graphics-symbol":
            element.set("aria-hidden", "true")  # says nothing, such as the line behind its own points
    return ElementTree.tostring(root, encoding="unicode")
