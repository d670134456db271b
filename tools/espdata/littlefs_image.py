"""Writes a LittleFS image to standard output, of the files that a JSON object on standard input names.

espdata runs it, which has checked them. Exit status 3: they do not fit.
"""

import json
import sys

from littlefs import LittleFS
from littlefs.errors import LittleFSError

plan = json.load(sys.stdin)
# joltwallet/littlefs reads and writes in these units: LITTLEFS_READ_SIZE, LITTLEFS_WRITE_SIZE, LITTLEFS_CACHE_SIZE and
# LITTLEFS_LOOKAHEAD_SIZE of its Kconfig.
try:
    fs = LittleFS(
        block_size=plan["block_len"],
        block_count=plan["block_count"],
        name_max=plan["name_len"],
        read_size=128,
        prog_size=128,
        cache_size=512,
        lookahead_size=128,
    )
    for folder in plan["folders"]:
        fs.mkdir(folder)
    for path, source in plan["files"]:
        with open(source, "rb") as file, fs.open(path, "wb") as copy:
            copy.write(file.read())
except LittleFSError as error:
    if error.code == LittleFSError.Error.LFS_ERR_NOSPC:
        sys.exit(3)
    raise
sys.stdout.buffer.write(fs.context.buffer)
