"""edit.py FILE EXPRESSION - replaces a file by what a Python expression makes of its bytes `b`; what is in a .gz is edited
unpacked and packed again, whole. Mode and times stay; links to the old file are not followed.

Names in the expression: at(text) is the offset of the last occurrence of `text`, flip(offset) inverts one bit there,
zlib, os."""
import gzip
import os
import sys
import zlib

path, expression = sys.argv[1:]
with open(path, "rb") as file:
    b = file.read()
raw = path.endswith(".gz") and not expression.startswith("raw:")
if raw:
    b = gzip.decompress(b)


def at(text):
    return b.rindex(text.encode())


def flip(offset, bit=0):
    edited = bytearray(b)
    edited[offset] ^= 1 << bit
    return bytes(edited)


changed = eval(expression.removeprefix("raw:"))
if changed == b:
    sys.exit(f"{path}: the damage changes nothing")
status = os.stat(path)
with open(path + ".new", "wb") as file:
    file.write(gzip.compress(changed, 6, mtime=0) if raw else changed)
os.chmod(path + ".new", status.st_mode)
os.utime(path + ".new", ns=(status.st_atime_ns, status.st_mtime_ns))
os.replace(path + ".new", path)
