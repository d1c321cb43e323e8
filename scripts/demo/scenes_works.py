"""Scenes where works and rooms are the subject: shafts, plants, tanks, wells, stores and screens."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from demo.brush import HEIGHT, WIDTH, mix
from demo.scenes_land import GRASS

if TYPE_CHECKING:
    from demo.brush import Brush, Colour

CONCRETE: Colour = (196, 194, 188)
STEEL: Colour = (110, 116, 124)


def shaft(b: Brush) -> None:
    """A headframe above its winding house."""
    b.sky(330)
    b.ridge(380, 130, (122, 144, 132))
    b.ground(520, mix(CONCRETE, GRASS, 0.3))
    x = b.chance.randrange(320, 860)
    paint = b.chance.choice(((178, 76, 62), (72, 112, 160), (120, 124, 128)))
    for dx in (-70, 70):
        b.line([(x + dx, 600), (x + dx * 0.4, 160)], paint, 16)
    b.line([(x + 20, 170), (x + 280, 600)], paint, 16)
    for n in range(6):
        y = 210 + n * 66
        b.line([(x - 34 - n * 6, y), (x + 34 + n * 6, y + 60)], paint, 7)
        b.line([(x + 34 + n * 6, y), (x - 34 - n * 6, y + 60)], paint, 7)
    b.disc(x, 150, 52, 52, STEEL)
    b.disc(x, 150, 38, 38, (226, 230, 232))
    b.house(x + 190, 620, 300, 170, (226, 214, 196), floors=2)
    b.house(max(20, x - 430), 620, 280, 130, (206, 214, 222), floors=1, roof=False)
    b.trees(0, WIDTH, 700, 120, 8)


def plant(b: Brush) -> None:
    """A processing plant: silos, a stack and a conveyor gallery."""
    b.sky(360)
    b.ridge(400, 100, (128, 150, 140))
    b.ground(560, CONCRETE)
    count, left = b.chance.choice((2, 3, 4)), b.chance.randrange(80, 420)
    for n in range(count):
        x = left + n * 130
        b.box(x, 270, 110, 330, mix(CONCRETE, (255, 255, 255), 0.25))
        b.box(x + 84, 270, 26, 330, (164, 162, 158))
        b.disc(x + 55, 270, 55, 22, (222, 220, 214))
    b.house(left + count * 130 + 40, 610, 340, 230, (96, 136, 176), floors=3, roof=False)
    b.chimney(b.chance.randrange(900, 1200), 600, b.chance.randrange(330, 480))
    b.gallery((0, b.chance.randrange(420, 560)), (left + 60, 250))
    b.trees(0, WIDTH, 690, 90, 10)


def treatment(b: Brush) -> None:
    """A water-treatment station with round tanks."""
    b.sky(270)
    b.ridge(320, 90, (122, 150, 132))
    b.ground(360, GRASS)
    b.house(b.chance.randrange(40, 700), 430, 380, 140, (228, 232, 234), floors=1)
    for n in range(b.chance.choice((2, 3))):
        x, y, r = 240 + n * 420 + b.chance.randrange(-40, 40), 610 + b.chance.randrange(-50, 60), 180
        b.disc(x, y + 40, r, r * 0.4, (150, 148, 142))
        b.disc(x, y, r, r * 0.4, CONCRETE)
        b.disc(x, y, r * 0.9, r * 0.35, b.chance.choice(((96, 150, 170), (124, 160, 140), (86, 130, 158))))
        turn = b.chance.uniform(0, math.pi)
        dx, dy = r * 0.9 * math.cos(turn), r * 0.35 * math.sin(turn)
        b.line([(x - dx, y - dy), (x + dx, y + dy)], (236, 190, 60), 9)


def washbay(b: Brush) -> None:
    """A lorry on the wash platform at the gate."""
    b.sky(300)
    b.ridge(340, 100, (124, 148, 130))
    b.ground(430, (168, 166, 162))
    b.trees(0, WIDTH, 440, 110, 9)
    x = b.chance.randrange(260, 520)
    b.patch([(x - 160, 700), (x + 560, 700), (x + 650, 790), (x - 250, 790)], (130, 136, 140))
    for post in (x - 90, x + 470):
        b.box(post, 400, 26, 320, (70, 120, 170))
        for n in range(7):
            y = 450 + n * 36
            toward = 1 if post < x + 200 else -1
            b.line([(post + 13, y), (post + 13 + toward * 120, y + 24)], (222, 238, 246), 5)
    b.box(x - 90, 380, 586, 30, (70, 120, 170))
    b.truck(x, 720, 2.4, b.chance.choice(((190, 84, 60), (84, 110, 140), (80, 140, 96))))


def roadway(b: Brush) -> None:
    """An underground roadway: arch ribs, lamps and a rail track."""
    b.box(0, 0, WIDTH, HEIGHT, (46, 46, 50))
    vx, vy = b.chance.choice((330, 520, 760, 960)), b.chance.randrange(320, 520)
    for n in range(9):
        share = (1 - n / 9) ** 1.6
        w, h = 620 * share + 40, 430 * share + 34
        x, y = vx + (640 - vx) * share, vy + (450 - vy) * share
        stone = mix((152, 146, 136), (40, 40, 44), n / 9)
        b.draw.pieslice([x - w, y - h, x + w, y + h], 180, 360, fill=stone)
        b.box(x - w, y, 2 * w, h * 0.9, stone)
        b.draw.arc([x - w, y - h, x + w, y + h], 180, 360, fill=mix(stone, (0, 0, 0), 0.5), width=10)
    b.patch([(vx - 20, vy + 40), (vx + 20, vy + 40), (1060, HEIGHT), (220, HEIGHT)], (88, 84, 80))
    for dx in (-1, 1):
        b.line([(vx + dx * 6, vy + 44), (640 + dx * 190, HEIGHT)], (190, 192, 196), 9)
    wall = b.chance.choice((330, 640, 950))
    for n in range(6):
        share = (1 - n / 6) ** 1.7
        b.disc(vx + (wall - vx) * share, vy - 250 * share - 18, 8 + 26 * share, 6 + 18 * share, (255, 238, 186))
    if b.coin():
        b.gallery((1140, HEIGHT - 130), (vx + 50, vy + 46), (60, 60, 66), 22)
    else:
        b.patch([(0, 560), (vx - 60, vy + 20), (vx - 60, vy + 50), (0, 700)], (176, 120, 60))


def control_room(b: Brush) -> None:
    """A control room with a wall of screens."""
    wall = b.chance.choice(((214, 218, 222), (150, 160, 172), (70, 80, 96), (232, 226, 212)))
    floor = b.chance.randrange(540, 660)
    b.box(0, 0, WIDTH, HEIGHT, wall)
    b.box(0, floor, WIDTH, HEIGHT - floor, b.chance.choice(((120, 110, 104), (86, 92, 100), (168, 156, 140))))
    wide, rows = b.chance.choice(((4, 2), (3, 2), (5, 3), (2, 1), (3, 3)))
    left, span = b.chance.choice(((80, 1120), (60, 760), (420, 800)))
    w, h = span / wide, (floor - 130) / rows
    bases: tuple[Colour, ...] = ((20, 48, 88), (24, 70, 76), (36, 40, 60), (92, 110, 60), (60, 110, 150))
    for row in range(rows):
        for column in range(wide):
            x, y = left + column * w, 70 + row * h
            b.box(x, y, w - 8, h - 8, b.chance.choice(bases))
            points = [(x + 14 + n * (w - 36) / 9, y + h * b.chance.uniform(0.25, 0.8)) for n in range(10)]
            b.line(points, b.chance.choice(((90, 220, 190), (250, 200, 80), (120, 190, 250))), 5)
            for n in range(4):
                tall = h * b.chance.uniform(0.05, 0.4)
                b.box(x + 20 + n * w / 9, y + h - 24 - tall, w / 14, tall, (150, 200, 235))
    if span < WIDTH // 2 + 200:
        door = 960 if left < WIDTH // 4 else 120
        b.box(door, floor - 380, 180, 380, (140, 104, 72))
    for n in range(b.chance.choice((2, 3))):
        x = b.chance.randrange(60, 200) + n * 400
        b.patch([(x, 690), (x + 300, 690), (x + 330, 790), (x - 30, 790)], (92, 100, 116))
        b.box(x + 90, 610, 120, 76, (40, 44, 54))
        b.disc(x + 150, 800, 60, 52, (50, 60, 84))


def wellhead(b: Brush) -> None:
    """A geothermal wellhead with its valves and pipes."""
    b.sky(330)
    b.ridge(370, 130, (126, 148, 138))
    b.ground(470, mix(CONCRETE, GRASS, 0.45))
    x = b.chance.randrange(360, 860)
    for n in range(16):
        b.disc(x + b.chance.uniform(-60, 130), 240 - n * 14, 26 + n * 5, 16 + n * 3, (236, 240, 242))
    b.house(b.chance.choice((40, 900)), 560, 300, 150, (234, 226, 210), floors=1)
    b.box(x - 150, 660, 300, 50, CONCRETE)
    b.box(x - 26, 300, 52, 360, (72, 124, 168))
    for y in (350, 440, 540):
        b.box(x - 64, y, 128, 34, (58, 100, 140))
        b.disc(x - 100, y + 17, 34, 34, (196, 62, 54))
        b.disc(x - 100, y + 17, 20, 20, (216, 220, 222))
    side = b.chance.choice((-1, 1))
    b.line([(x, 480), (x + side * 260, 480), (x + side * 260, 700), (x + side * 700, 740)], (188, 192, 196), 34)
    b.trees(0, WIDTH, 560, 70, 7)


def store(b: Brush) -> None:
    """A store room: shelves with boxes in order and labels, a gangway between them."""
    b.box(0, 0, WIDTH, HEIGHT, b.chance.choice(((226, 224, 214), (190, 198, 204), (120, 126, 134))))
    aisle = b.chance.randrange(200, 1080)
    b.patch([(0, HEIGHT), (WIDTH, HEIGHT), (aisle + 260, 610), (aisle - 260, 610)], (152, 160, 162))
    count, levels = b.chance.choice((2, 3, 4)), b.chance.choice((3, 4))
    rack = b.chance.choice(((70, 112, 168), (190, 110, 50), (80, 90, 96)))
    for shelf in range(count):
        x, w = 60 + shelf * 1180 // count, 1180 // count - 50
        if abs(x + w / 2 - aisle) < w / 2:
            b.disc(x + w / 2, 560, 100, 34, (222, 176, 40))
            b.box(x + w / 2 - 60, 380, 120, 170, (222, 176, 40))
            continue
        for level in range(levels):
            y = 200 + level * 420 // levels
            b.box(x, y, w, 14, rack)
            for n in range(w // 62):
                tall = b.chance.randrange(40, 90)
                paint = b.chance.choice(((196, 152, 96), (120, 136, 150), (170, 84, 70), (98, 140, 104)))
                b.box(x + 8 + n * 62, y - tall, 50, tall, paint)
                b.box(x + 18 + n * 62, y - tall + 12, 30, 14, (244, 244, 238))
        for post in (x, x + w - 12):
            b.box(post, 80, 12, 540, rack)


def board(b: Brush) -> None:
    """Notice boards and safety signs by the roadside."""
    b.sky(320)
    b.ridge(360, 120, (122, 148, 128))
    b.ground(480, GRASS)
    b.trees(0, WIDTH, 520, 150, 8)
    count = b.chance.choice((2, 3, 4))
    for n in range(count):
        w = 1060 // count - 30
        x, y = 110 + n * 1060 // count, 330 + b.chance.randrange(-40, 40)
        paint = b.chance.choice(((34, 94, 168), (34, 128, 84), (190, 60, 50), (232, 176, 40)))
        for post in (x + 18, x + w - 36):
            b.box(post, y, 18, 700 - y, STEEL)
        b.box(x, y, w, 230, (248, 248, 244))
        b.box(x, y, w, 54, paint)
        for row in range(5):
            b.box(x + 20, y + 78 + row * 29, (w - 40) * b.chance.uniform(0.5, 1), 11, (130, 134, 140))
    b.patch([(0, 760), (WIDTH, 720), (WIDTH, HEIGHT), (0, HEIGHT)], (168, 166, 160))


def monitor(b: Brush) -> None:
    """A monitoring post: solar panel, sensors and a capped observation well."""
    b.sky(340)
    b.ridge(390, 150, (118, 144, 124))
    b.ground(480, GRASS)
    x = b.chance.randrange(340, 920)
    b.box(x - 9, 200, 18, 500, (206, 208, 210))
    b.patch([(x - 130, 300), (x + 10, 240), (x + 30, 320), (x - 110, 380)], (38, 60, 110))
    for n in range(1, 4):
        b.line([(x - 130 + n * 35, 300 - n * 15), (x - 110 + n * 35, 380 - n * 15)], (150, 170, 210), 3)
    b.box(x + 14, 400, 90, 120, (236, 238, 240))
    b.box(x + 28, 414, 62, 34, (44, 92, 70))
    b.line([(x - 70, 200), (x + 70, 200)], STEEL, 8)
    b.disc(x - 70, 190, 18, 18, STEEL)
    b.disc(x + 70, 186, 24, 10, (220, 90, 60))
    well = x + b.chance.choice((-280, 250))
    b.box(well - 44, 640, 88, 70, CONCRETE)
    b.box(well - 18, 560, 36, 90, (52, 120, 190))
    b.disc(well, 560, 24, 10, (30, 80, 140))
    b.trees(0, WIDTH, 560, 110, b.chance.randrange(4, 9))


def gallery(b: Brush) -> None:
    """A closed conveyor gallery crossing a valley to a domed store."""
    b.sky(330)
    b.ridge(370, 160, (112, 140, 122))
    b.ridge(470, 90, (124, 150, 100))
    b.ground(560, GRASS)
    x = b.chance.choice((250, 1010))
    b.draw.pieslice([x - 230, 300, x + 230, 760], 180, 360, fill=(176, 200, 216))
    for n in range(-3, 4):
        b.line([(x + n * 64, 530), (x + n * 22, 310)], (140, 168, 190), 4)
    far = WIDTH if x < WIDTH // 2 else 0
    b.gallery((far, b.chance.randrange(180, 330)), (x, 330), b.chance.choice(((70, 120, 170), (64, 140, 120))))
    b.trees(0, WIDTH, 700, 120, 7)
