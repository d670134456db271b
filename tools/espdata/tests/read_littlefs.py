"""Prints the files of the LittleFS image that is named, with the sectors of 4096 bytes that it has: a JSON object of hexadecimal digits."""

import json
import sys

from littlefs import LittleFS

with open(sys.argv[1], "rb") as file:
    image = bytearray(file.read())
fs = LittleFS(block_size=4096, block_count=len(image) // 4096, name_max=int(sys.argv[2]), mount=False)
fs.context.buffer = image
fs.mount()
files = {}
for folder, _, names in fs.walk("/"):
    for name in names:
        path = folder.rstrip("/") + "/" + name
        with fs.open(path, "rb") as file:
            files[path] = file.read().hex()
json.dump(files, sys.stdout)
