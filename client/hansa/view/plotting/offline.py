"""A chart that a notebook shows by itself: as SVG with its figures as texts, no script and no network."""

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


class _Offline(alt.TopLevelMixin):
    """What a notebook is handed. A renderer that was enabled on purpose, as `alt.renderers.enable("jupyter")`, wins."""

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
        if alt.renderers.active != "default":
            return super()._repr_mimebundle_(*args, **kwargs)
        svg = drawn(self.to_dict())
        return {"text/html": inlined(svg), "image/svg+xml": svg, "text/plain": repr(self)}

    def __repr__(self) -> str:
        """Title and caption, for a prompt and for who hears the page."""
        title = self.to_dict()["title"]
        return "\n".join([title["text"], *title["subtitle"]])


class OfflineLayerChart(_Offline, alt.LayerChart):
    """An `altair.LayerChart` that shows without a network."""


class OfflineFacetChart(_Offline, alt.FacetChart):
    """An `altair.FacetChart` that shows without a network."""


def drawn(spec: dict[str, Any]) -> str:
    """The specification as SVG. What a mark says to a screen reader is also its tooltip, as a `<title>`."""
    # Drawn by Vega from a specification of ours: no entity and no document of a stranger's is read.
    root = ElementTree.fromstring(vl_convert.vegalite_to_svg(spec))  # noqa: S314
    for mark in root.iter():
        said = mark.get("aria-label")
        if said and mark.get("aria-roledescription") not in ("axis", "legend", "title", "header"):
            title = ElementTree.Element(f"{{{_SVG}}}title")
            title.text = said
            mark.insert(0, title)
    return ElementTree.tostring(root, encoding="unicode")


def inlined(svg: str) -> str:
    """The picture for the middle of a page, with names of its own: the clip of another chart there is none of its."""
    root = ElementTree.fromstring(svg)  # noqa: S314  as above
    own = f"h{sha256(svg.encode()).hexdigest()[:10]}-"
    root.set("style", "max-width:100%;height:auto")
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name == "id":
                element.set(name, own + value)
            elif "url(#" in value:
                element.set(name, _ID_IN_USE.sub(rf"url(#{own}\1)", value))
    return ElementTree.tostring(root, encoding="unicode")
