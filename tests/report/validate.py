#!/usr/bin/python3
"""Validates JSON documents against a JSON Schema (draft 2020-12).

usage: validate.py SCHEMA JSON...
exits 0 when all are valid, 1 when one is not (saying where), 2 when it cannot tell
"""
import json
import sys

try:
    import jsonschema
except ImportError:
    print("validate.py: cannot tell without python3-jsonschema", file=sys.stderr)
    sys.exit(2)


def unique(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError(f"a key is there twice: {keys}")
    return dict(pairs)


def no_constant(name):
    raise ValueError(f"{name} is not JSON")


def load(path):
    with open(path, encoding="utf-8", errors="strict") as file:
        return json.load(file, object_pairs_hook=unique, parse_constant=no_constant)


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        schema = load(arguments[0])
        jsonschema.Draft202012Validator.check_schema(schema)
    except (OSError, ValueError, jsonschema.SchemaError) as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 2
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    wrong = 0
    for path in arguments[1:]:
        try:
            document = load(path)
        except OSError as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 2
        except ValueError as error:
            print(f"{path}: {error}")
            wrong += 1
            continue
        for error in validator.iter_errors(document):
            print(f"{path}: /{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
