"""Scenes out of doors where the land is the subject: pits, slopes, ponds, dams, roads and greenery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.brush import HEIGHT, WIDTH, mix

if TYPE_CHECKING:
    from demo.brush import Brush, Colour

GRASS: Colour = (126, 152, 84)
SOIL: Colour = (176, 148, 108)
STONE: Colour = (204, 198, 184)


def pit(b: Brush) -> None:
    """Benches of an open pit, worked from the top down, with an excavator."""
    b.sky(260)
    b.ridge(280, 110, (124, 146, 128))
    turned = b.coin()
    count = b.chance.choice((4, 5, 6))
    for n in range(count):
        top = 250 + n * 460 // count
        inset = 90 + n * b.chance.randrange(40, 70)
        face = mix(STONE, (150, 140, 124), 0.5 * (n % 2))
        left, right = (inset, WIDTH) if turned else (0, WIDTH - inset)
        b.patch([(left, top), (right, top), (right + 20, top + 78), (left - 20, top + 78)], face)
        b.box(left - 20, top + 70, right - left + 40, 34, mix(face, (255, 250, 236), 0.45))
        for _ in range(26):
            x = b.chance.randrange(max(left, 1), max(right, 2))
            b.line([(x, top + 8), (x + 5, top + 66)], mix(face, (110, 104, 92), 0.35), 3)
    b.ground(700, mix(STONE, (150, 140, 120), 0.3))
    x = b.chance.randrange(240, 860)
    b.box(x, 690, 140, 54, (236, 172, 44))
    b.box(x - 10, 744, 160, 26, (50, 50, 54))
    b.line([(x + 120, 700), (x + 230, 610), (x + 320, 700)], (236, 172, 44), 18)
    b.patch([(x + 300, 694), (x + 356, 704), (x + 332, 758)], (120, 112, 98))
    b.truck(x - 300 if x > WIDTH // 3 else x + 400, 780, 1.15, (200, 120, 50))


def restored(b: Brush) -> None:
    """A slope restored in terraces, planted in rows."""
    b.sky(230)
    b.ridge(300, 120, (110, 140, 118))
    b.ridge(380, 70, mix(GRASS, (90, 130, 80), 0.4))
    lean = b.chance.choice((-1, 1)) * b.chance.randrange(20, 60)
    rows = b.chance.choice((4, 5))
    for n in range(rows):
        top = 330 + n * 480 // rows
        green = mix(GRASS, (84, 128, 62), b.chance.random())
        b.patch([(0, top + lean), (WIDTH, top - lean), (WIDTH, HEIGHT), (0, HEIGHT)], green)
        b.line([(0, top + lean), (WIDTH, top - lean)], (196, 176, 136), 10)
        for k in range(9 + n):
            x = (k + 0.5) * WIDTH / (9 + n)
            b.tree(x, top + 62 + lean * (1 - 2 * x / WIDTH), 50 + 14 * n, conifer=b.coin())


def bare(b: Brush) -> None:
    """A waste-rock slope that has not been restored: bare rubble, rills, a green edge only."""
    b.sky(240)
    b.ridge(300, 100, (120, 140, 118))
    peak = b.chance.randrange(420, 860)
    rubble = mix(SOIL, (142, 136, 128), 0.45)
    b.patch([(40, 700), (peak - 130, 240), (peak + 130, 226), (1250, 700)], rubble)
    for _ in range(22):
        x = b.chance.uniform(peak - 120, peak + 120)
        end = x + (x - peak) * 3.2
        b.line([(x, 250), ((x + end) / 2 + 12, 470), (end, 690)], mix(rubble, (104, 78, 54), 0.5), 5)
    for _ in range(320):
        y = b.chance.uniform(260, 692)
        down = (y - 240) / 460
        x = b.chance.uniform(peak - 120 - (peak - 170) * down, peak + 120 + (1120 - peak) * down)
        size = b.chance.uniform(4, 7 + 9 * down)
        b.disc(x, y, size, size * 0.7, mix(rubble, b.chance.choice(((92, 88, 84), (206, 200, 190))), 0.5))
    b.ground(690, mix(SOIL, GRASS, 0.25))
    b.trees(0, 360, 770, 90, 5)


def pond(b: Brush) -> None:
    """A clear-water pond behind a hand rail."""
    b.sky(300)
    b.ridge(330, 120, (116, 142, 120))
    b.ground(330, GRASS)
    b.trees(0, WIDTH, 360, b.chance.randrange(80, 150), b.chance.randrange(7, 13))
    edge = b.chance.randrange(60, 320)
    tint = b.chance.choice(((92, 148, 172), (110, 164, 160), (76, 130, 168)))
    b.patch([(edge - 26, 418), (1160, 418), (1272, 716), (edge - 160, 716)], (206, 204, 196))
    b.water([(edge, 436), (1130, 436), (1220, 690), (edge - 110, 690)], tint)
    b.rail((0, 800), (WIDTH, b.chance.randrange(770, 830)), 9, 90)


def tailings(b: Brush) -> None:
    """A tailings dam with a grassed face, drains and monitoring points."""
    b.sky(250)
    b.ridge(300, 190, (106, 132, 116))
    b.ridge(350, 90, (96, 124, 100))
    b.water([(200, 356), (1120, 340), (1210, 420), (110, 430)], (128, 162, 172))
    steps = b.chance.choice((3, 4))
    for n in range(steps):
        top = 420 + n * 290 // steps
        b.patch(
            [(90 - n * 40, top), (1220 + n * 30, top), (1290, top + 110), (20 - n * 40, top + 110)],
            mix(GRASS, (160, 150, 100), 0.2 * n),
        )
        b.line([(60 - n * 40, top), (1250 + n * 30, top)], (210, 206, 194), 12)
        for k in range(4):
            x = 240 + k * 250 + b.chance.randrange(-50, 50)
            b.box(x, top + 24, 10, 44, (240, 240, 236))
            b.box(x, top + 24, 10, 14, (200, 60, 50))
    b.ground(720, mix(GRASS, (150, 140, 96), 0.4))
    b.patch([(b.chance.randrange(500, 800), 420), (820, 420), (920, 852), (680, 852)], (196, 194, 186))


def road(b: Brush) -> None:
    """A haul road between trees, with a sprinkler lorry."""
    b.sky(330)
    b.ridge(360, 130, (118, 146, 124))
    b.ground(360, GRASS)
    vanish = b.chance.randrange(420, 860)
    b.patch([(vanish - 22, 360), (vanish + 22, 360), (1180, HEIGHT), (100, HEIGHT)], (158, 156, 152))
    for n in range(6):
        y, h = 400 + n * n * 15, 10 + n * 9
        x = vanish + (640 - vanish) * (y - 360) / 490
        b.patch([(x - 2 - n, y), (x + 2 + n, y), (x + 4 + n, y + h), (x - 4 - n, y + h)], (240, 240, 232))
    for n in range(7):
        share = (n + 1) / 7
        foot = 370 + share * share * 440
        spread = 40 + share * share * 620
        b.tree(vanish + (640 - vanish) * share - spread, foot, 50 + 210 * share, conifer=b.light == "cloudy")
        b.tree(vanish + (640 - vanish) * share + spread, foot, 50 + 210 * share, conifer=b.light == "cloudy")
    x = vanish - 30 + b.chance.randrange(-40, 60)
    b.truck(x, 610, 1.2, (70, 140, 110))
    for n in range(9):
        b.line([(x - 16, 560), (x - 60 - n * 16, 610 + b.chance.randrange(-8, 20))], (220, 236, 244), 4)


def garden(b: Brush) -> None:
    """The living area: a house, a lawn, trees and a path."""
    b.sky(300)
    b.ridge(340, 120, (120, 148, 130))
    b.ground(420, GRASS, specks=900)
    x = b.chance.randrange(120, 520)
    wall = b.chance.choice(((236, 226, 204), (222, 216, 214), (238, 212, 188)))
    b.house(x, 540, b.chance.randrange(420, 660), b.chance.randrange(180, 260), wall, floors=3)
    bend = b.chance.randrange(200, 900)
    b.patch([(bend, 545), (bend + 60, 545), (bend + 280, HEIGHT), (bend - 60, HEIGHT)], (214, 206, 192))
    b.trees(0, WIDTH, 600, 150, b.chance.randrange(4, 8))
    for _ in range(90):
        fx, fy = b.chance.uniform(0, WIDTH), b.chance.uniform(660, 840)
        b.disc(fx, fy, 8, 6, b.chance.choice(((214, 84, 92), (240, 200, 80), (236, 236, 240))))


def village(b: Brush) -> None:
    """A village road and a playground next to the mine."""
    b.sky(280)
    b.ridge(330, 170, (126, 150, 134))
    b.ground(400, mix(GRASS, (190, 180, 120), 0.3))
    for n in range(4):
        x = n * 320 + b.chance.randrange(-40, 60)
        b.house(x, 470 + b.chance.randrange(-16, 16), 200, 100, (240, 236, 226), floors=1)
    b.patch([(180, 560), (1120, 540), (1260, 760), (60, 780)], (88, 140, 120))
    b.line([(220, 572), (1080, 554), (1200, 742), (110, 760), (220, 572)], (240, 240, 240), 6)
    b.line([(650, 562), (660, 750)], (240, 240, 240), 6)
    side = b.chance.choice((190, 1080))
    b.line([(side, 690), (side, 430)], (90, 92, 100), 14)
    b.box(side - 60, 400, 120, 70, (250, 250, 250))
    b.trees(0, WIDTH, 530, 100, 6)
