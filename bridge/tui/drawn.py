"""A widget that draws its own rows."""

from __future__ import annotations

from typing import Self

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Drawn(Widget):
    """Rows as `render_line` gives them, asked for only after a `refresh`.

    Textual has every widget of the screen drawn for each frame, whichever of them has changed, and leads the rows
    through borders, tints and filters that we do not have: that is most of what a frame would cost.
    """

    can_focus = False

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._strips: list[Strip] = []

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Draw anew what has changed: these rows, or all."""
        if not regions:
            self._strips = []
        for region in regions:
            for y in range(region.y, min(region.bottom, len(self._strips))):
                self._strips[y] = self.render_line(y)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows that Textual asks for."""
        if self.app.no_color:
            return super().render_lines(crop)
        width, height = self.size
        if len(self._strips) != height or any(strip.cell_length != width for strip in self._strips[:1]):
            self._strips = [self.render_line(y) for y in range(height)]
        whole = crop.x == 0 and crop.right == width
        rows = self._strips[crop.y : crop.bottom]
        return rows if whole else [strip.crop(crop.x, crop.right) for strip in rows]

    def seen(self) -> str:
        """What it shows, as text."""
        return "\n".join(self.render_line(y).text for y in range(self.size.height))

    def notify_style_update(self) -> None:
        """Another theme, or focus."""
        self._strips = []
        super().notify_style_update()
