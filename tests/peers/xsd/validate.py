# SPDX-License-Identifier: Apache-2.0
"""Validates instance files with libxml2 (lxml).

    python validate.py SCHEMA PATH...
    python validate.py --pairs          lines SCHEMA<TAB>FILE on standard input

A path may be a folder: all files below it, by name. One line of JSON a file, as XsdValidate.java:
{"file", "valid", "error"}; a schema that cannot be used is {"schema", "file", "valid": null, "error"}.
"""

import json
import os
import sys

from lxml import etree

# Large texts are wanted here, and nothing is fetched.
PARSER = etree.XMLParser(huge_tree=True, no_network=True)


class Validator:
    def __init__(self):
        self.schemas = {}

    def schema(self, path):
        """The schema, or why there is none."""
        if path not in self.schemas:
            try:
                self.schemas[path] = etree.XMLSchema(etree.parse(path, PARSER))
            except (etree.LxmlError, OSError) as error:
                self.schemas[path] = str(error)
        return self.schemas[path]

    def file(self, schema_path, path):
        schema = self.schema(schema_path)
        if isinstance(schema, str):
            return {"schema": schema_path, "file": path, "valid": None, "error": schema}
        try:
            document = etree.parse(path, PARSER)
        except (etree.LxmlError, OSError) as error:
            return {"file": path, "valid": False, "error": str(error)}
        if schema.validate(document):
            return {"file": path, "valid": True, "error": None}
        first = schema.error_log[0]
        return {"file": path, "valid": False, "error": f"{first.line}:{first.column}: {first.message}"}


def files(path):
    if not os.path.isdir(path):
        return [path]
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)


def main():
    validator = Validator()
    if sys.argv[1:] == ["--pairs"]:
        pairs = (line.rstrip("\n").split("\t", 1) for line in sys.stdin)
        work = (pair for pair in pairs if len(pair) == 2)
    elif len(sys.argv) > 2:
        work = ((sys.argv[1], each) for path in sys.argv[2:] for each in files(path))
    else:
        sys.exit(__doc__)
    for schema, path in work:
        print(json.dumps(validator.file(schema, path), ensure_ascii=False))


if __name__ == "__main__":
    main()
