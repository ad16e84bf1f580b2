#!/usr/bin/env python3
"""Looks at a PNG screenshot: size, and the areas filled with one colour.

screenshot.py size FILE              prints WIDTH HEIGHT
screenshot.py areas FILE RRGGBB MIN  prints X Y WIDTH HEIGHT of each connected area of the colour, both sides at least MIN
screenshot.py crop FILE OUT X Y WIDTH HEIGHT
"""
import struct
import sys
import zlib


def read(name):
    """Rows of 8-bit RGB, without interlacing, as browsers write them."""
    with open(name, "rb") as file:
        data = file.read()
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        sys.exit(f"{name} is no PNG")
    at, packed = 8, b""
    while at < len(data):
        (length,) = struct.unpack(">I", data[at:at + 4])
        kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", body)
            if depth != 8 or colour not in (2, 6) or interlace:
                sys.exit(f"{name}: a PNG of another kind")
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    step = 3 if colour == 2 else 4
    raw, stride = zlib.decompress(packed), width * step
    rows, before = [], bytearray(stride)
    for y in range(height):
        how = raw[y * (stride + 1)]
        row = bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        if how == 1:
            for i in range(step, stride):
                row[i] = (row[i] + row[i - step]) & 255
        elif how == 2:
            row = bytearray((a + b) & 255 for a, b in zip(row, before))
        elif how == 3:
            for i in range(stride):
                row[i] = (row[i] + ((row[i - step] if i >= step else 0) + before[i]) // 2) & 255
        elif how == 4:
            for i in range(stride):
                a = row[i - step] if i >= step else 0
                b, c = before[i], before[i - step] if i >= step else 0
                p = a + b - c
                pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
                row[i] = (row[i] + (a if pa <= pb and pa <= pc else b if pb <= pc else c)) & 255
        rows.append(row)
        before = row
    return width, height, step, rows


def areas(width, height, step, rows, colour, least):
    """Bounding boxes of runs of the colour that touch from row to row; holes in them (a letter) do not matter."""
    found = []
    for y in range(height):
        row, x = rows[y], 0
        at = row.find(colour)
        if at < 0:
            continue
        while x < width:
            if row[x * step:x * step + 3] != colour:
                x += 1
                continue
            start = x
            while x < width and row[x * step:x * step + 3] == colour:
                x += 1
            touched = [a for a in found if a[3] >= y - 1 and a[0] <= x and a[2] >= start]
            box = [min([start] + [a[0] for a in touched]), min([y] + [a[1] for a in touched]),
                   max([x - 1] + [a[2] for a in touched]), y]
            found = [a for a in found if not any(a is t for t in touched)] + [box]
    return [a for a in found if a[2] - a[0] + 1 >= least and a[3] - a[1] + 1 >= least]


def write(name, width, height, step, rows):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    packed = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    head = struct.pack(">IIBBBBB", width, height, 8, 2 if step == 3 else 6, 0, 0, 0)
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b""))


def main(command, name, *rest):
    width, height, step, rows = read(name)
    if command == "size":
        print(width, height)
    elif command == "areas":
        for x, y, right, bottom in sorted(areas(width, height, step, rows, bytes.fromhex(rest[0]), int(rest[1])), key=lambda a: (a[1], a[0])):
            print(x, y, right - x + 1, bottom - y + 1)
    elif command == "crop":
        x, y, wide, high = map(int, rest[1:])
        cut = [row[x * step:(x + wide) * step] for row in rows[y:y + high]]
        write(rest[0], len(cut[0]) // step, len(cut), step, cut)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
