"""fewer_rows.py - the dump on standard input with a hundred incidents, and the equipment that they name."""
import re
import sys

dump = sys.stdin.buffer.read()
# the last of its name: a row of another table's may look like one
copies = {table: list(re.finditer(rb"^COPY public\." + table + rb" \(([^)]*)\)[^\n]*\n(.*?)^\\\.\n", dump, re.M | re.S))[-1]
          for table in (b"incidents", b"vendor_equipment")}


def column(of, name):
    return copies[of][1].split(b", ").index(name)


incidents = []
known = {b"\\N"}
for row in copies[b"incidents"][2].splitlines(True):
    cells = row.rstrip(b"\n").split(b"\t")
    if len(incidents) < 100 and cells[column(b"incidents", b"parent_id")] in known:
        incidents.append(row)
        known.add(cells[column(b"incidents", b"incident_id")])
named = {row.rstrip(b"\n").split(b"\t")[column(b"incidents", b"equipment_id")] for row in incidents}
equipment = [row for row in copies[b"vendor_equipment"][2].splitlines(True)
             if row.rstrip(b"\n").split(b"\t")[column(b"vendor_equipment", b"equipment_id")] in named]
for table, rows in ((b"incidents", incidents), (b"vendor_equipment", equipment)):
    dump = dump.replace(copies[table][2], b"".join(rows))
sys.stdout.buffer.write(dump)
