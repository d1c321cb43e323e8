"""A brush for simple landscapes: sky, ridges, ground, trees, buildings and machines on a Pillow picture.

Pictures are drawn at twice their final size and reduced by two, which smooths the edges. All chance comes from a
generator seeded by the caller, so the same seed always draws the same picture.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Sequence

Colour = tuple[int, int, int]
Point = tuple[float, float]

WIDTH, HEIGHT = 1280, 852

PALETTES: dict[str, tuple[Colour, Colour]] = {
    "morning": ((150, 190, 224), (247, 233, 205)),
    "noon": ((92, 155, 214), (214, 233, 245)),
    "cloudy": ((158, 172, 184), (222, 227, 228)),
    "dusk": ((104, 120, 164), (244, 197, 152)),
}
"""Sky colours, top and horizon, by the light of the day."""


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour `share` (0..1) of the way from `first` to `second`."""
    return (
        round(first[0] + (second[0] - first[0]) * share),
        round(first[1] + (second[1] - first[1]) * share),
        round(first[2] + (second[2] - first[2]) * share),
    )


class Brush:
    """Paints on one picture.

    Args:
        seed: what decides every chance stroke.
        light: a key of `PALETTES`.
    """

    def __init__(self, seed: str, light: str = "noon") -> None:
        self.chance = random.Random(seed)  # noqa: S311 - strokes of a picture, nothing secret
        self.image = Image.new("RGB", (WIDTH, HEIGHT))
        self.draw = ImageDraw.Draw(self.image)
        self.light = light

    def coin(self) -> bool:
        """Toss a coin."""
        return bool(self.chance.getrandbits(1))

    def sky(self, horizon: int, *, clouds: int = 3) -> None:
        """Paint the sky down to `horizon` (pixels from the top), with some clouds."""
        top, low = PALETTES[self.light]
        self.box(0, 0, WIDTH, HEIGHT, low)
        for y in range(horizon):
            self.draw.line([(0, y), (WIDTH, y)], fill=mix(top, low, y / horizon))
        for _ in range(clouds):
            x, y = self.chance.randrange(WIDTH), self.chance.randrange(30, max(60, horizon // 2))
            tint = mix(low, (255, 255, 255), 0.6)
            for _ in range(7):
                dx, dy = self.chance.randrange(-110, 110), self.chance.randrange(-16, 16)
                w, h = self.chance.randrange(50, 120), self.chance.randrange(14, 34)
                self.draw.ellipse([x + dx - w, y + dy - h, x + dx + w, y + dy + h], fill=tint)

    def ridge(self, base: int, rise: int, colour: Colour) -> None:
        """Paint a range of hills that fills the picture downwards from about `base - rise`."""
        waves = [(self.chance.uniform(0.5, 1.6), self.chance.uniform(0, math.tau)) for _ in range(3)]
        points: list[Point] = [(0, HEIGHT)]
        for x in range(0, WIDTH + 1, 8):
            lift = sum(
                math.sin(x / WIDTH * math.tau * pitch * (n + 1) + phase) / (n + 1)
                for n, (pitch, phase) in enumerate(waves)
            )
            points.append((x, round(base - rise * (0.5 + lift / 3))))
        points.append((WIDTH, HEIGHT))
        self.draw.polygon(points, fill=colour)

    def ground(self, top: int, colour: Colour, *, specks: int = 400) -> None:
        """Paint the ground from `top` down, a little darker to the front, with specks."""
        for y in range(top, HEIGHT):
            self.draw.line([(0, y), (WIDTH, y)], fill=mix(colour, (40, 40, 30), 0.28 * (y - top) / (HEIGHT - top)))
        for _ in range(specks):
            x, y = self.chance.randrange(WIDTH), self.chance.randrange(top, HEIGHT)
            self.draw.line([(x, y), (x + 5, y - 3)], fill=mix(colour, (255, 255, 235), self.chance.uniform(0.05, 0.25)))

    def patch(self, points: Sequence[Point], colour: Colour, outline: Colour | None = None) -> None:
        """Paint a filled polygon."""
        self.draw.polygon(list(points), fill=colour, outline=outline)

    def line(self, points: Sequence[Point], colour: Colour, width: int = 4) -> None:
        """Paint a polyline."""
        self.draw.line(list(points), fill=colour, width=width)

    def disc(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Paint a filled ellipse around (x, y)."""
        self.draw.ellipse([x - rx, y - ry, x + rx, y + ry], fill=colour)

    def box(self, x: float, y: float, w: float, h: float, colour: Colour) -> None:
        """Paint a filled rectangle with its upper left corner at (x, y)."""
        self.draw.rectangle([x, y, x + w, y + h], fill=colour)

    def tree(self, x: float, foot: float, height: float, *, conifer: bool = False) -> None:
        """Plant a tree whose foot stands at (x, foot)."""
        green = mix((38, 92, 48), (112, 152, 66), self.chance.random())
        self.box(x - height * 0.04, foot - height * 0.35, height * 0.08, height * 0.35, (92, 66, 44))
        if conifer:
            for level in range(3):
                low, wide = foot - height * (0.2 + 0.24 * level), height * (0.3 - 0.07 * level)
                tip = low - height * 0.4
                self.patch([(x - wide, low), (x + wide, low), (x, tip)], mix(green, (16, 50, 30), 0.3))
            return
        for _ in range(7):
            dx, dy = self.chance.uniform(-0.22, 0.22) * height, self.chance.uniform(-0.22, 0.2) * height
            shade = mix(green, (200, 214, 120), self.chance.uniform(0, 0.3))
            self.disc(x + dx, foot - height * 0.66 + dy, height * 0.19, height * 0.17, shade)

    def trees(self, start: int, end: int, foot: int, height: int, count: int, *, conifer: bool = False) -> None:
        """Plant a row of trees between two places, each a little different."""
        for n in range(count):
            x = start + (end - start) * (n + 0.5) / count + self.chance.uniform(-9, 9)
            self.tree(x, foot + self.chance.uniform(-6, 6), height * self.chance.uniform(0.8, 1.15), conifer=conifer)

    def house(self, x: int, foot: int, w: int, h: int, wall: Colour, *, floors: int = 2, roof: bool = True) -> None:
        """Build a house with rows of windows, its lower left corner at (x, foot)."""
        self.box(x, foot - h, w, h, wall)
        self.box(x + w * 0.86, foot - h, w * 0.14, h, mix(wall, (60, 60, 70), 0.25))
        if roof:
            self.patch(
                [(x - 12, foot - h), (x + w + 12, foot - h), (x + w - 20, foot - h - 34), (x + 20, foot - h - 34)],
                (150, 72, 60),
            )
        step = h / floors
        for floor in range(floors):
            for n in range(max(2, w // 60)):
                left = x + 16 + n * (w * 0.84 - 16) / max(2, w // 60)
                self.box(left, foot - h + step * floor + step * 0.25, 26, step * 0.45, (96, 132, 160))

    def chimney(self, x: int, foot: int, height: int, width: int = 26) -> None:
        """Build a stack with red bands."""
        self.patch(
            [
                (x - width, foot),
                (x + width, foot),
                (x + width * 0.6, foot - height),
                (x - width * 0.6, foot - height),
            ],
            (206, 204, 200),
        )
        for n in range(2):
            self.box(x - width * 0.66, foot - height + 18 + n * 60, width * 1.32, 22, (186, 70, 60))

    def gallery(self, start: Point, end: Point, colour: Colour = (70, 120, 170), depth: int = 30) -> None:
        """Build a closed conveyor gallery on trestles between two points."""
        for n in range(1, 6):
            x = start[0] + (end[0] - start[0]) * n / 6
            y = start[1] + (end[1] - start[1]) * n / 6
            foot = max(start[1], end[1]) + 90
            self.line([(x, y), (x - 12, foot)], (110, 114, 120), 7)
            self.line([(x, y), (x + 12, foot)], (110, 114, 120), 7)
        corners = [start, end, (end[0], end[1] + depth), (start[0], start[1] + depth)]
        self.patch(corners, colour, mix(colour, (0, 0, 0), 0.4))
        self.line([(start[0], start[1] + 8), (end[0], end[1] + 8)], mix(colour, (255, 255, 255), 0.5), 4)

    def truck(self, x: int, foot: int, size: float, body: Colour) -> None:
        """Park a lorry, its rear wheel at (x, foot)."""
        s = size
        self.box(x - 10 * s, foot - 58 * s, 120 * s, 42 * s, body)
        self.box(x + 114 * s, foot - 70 * s, 44 * s, 56 * s, mix(body, (255, 255, 255), 0.35))
        self.box(x + 126 * s, foot - 62 * s, 26 * s, 22 * s, (70, 92, 112))
        for n in (10, 44, 128):
            self.disc(x + n * s, foot - 12 * s, 14 * s, 14 * s, (36, 36, 40))
            self.disc(x + n * s, foot - 12 * s, 6 * s, 6 * s, (150, 150, 150))

    def water(self, points: Sequence[Point], colour: Colour = (92, 148, 172)) -> None:
        """Paint a sheet of water with light ripples."""
        self.patch(points, colour)
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        for _ in range(40):
            x, y = self.chance.uniform(min(xs) + 60, max(xs) - 60), self.chance.uniform(min(ys) + 8, max(ys) - 8)
            if self.image.getpixel((min(max(int(x), 0), WIDTH - 1), min(max(int(y), 0), HEIGHT - 1))) == colour:
                self.line([(x - 20, y), (x + 20, y)], mix(colour, (255, 255, 255), 0.35), 3)

    def rail(self, start: Point, end: Point, posts: int, height: int = 50, colour: Colour = (236, 190, 60)) -> None:
        """Put up a hand rail from one point to another."""
        for n in range(posts + 1):
            x = start[0] + (end[0] - start[0]) * n / posts
            y = start[1] + (end[1] - start[1]) * n / posts
            self.line([(x, y), (x, y - height)], colour, 6)
        for lift in (height, height * 0.5):
            self.line([(start[0], start[1] - lift), (end[0], end[1] - lift)], colour, 6)
