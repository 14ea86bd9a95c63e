"""Makes and reads PIN blocks by psec, and compares them with ours; prints a check per line, and blocks that it made."""

import json
import sys

from psec import pinblock

given = json.load(sys.stdin)


def told(title, step):
    try:
        step()
        print(json.dumps({"title": title, "ok": True}))
    except Exception as error:
        print(json.dumps({"title": title, "ok": False, "detail": repr(error)}))


def plain():
    for case in given["cases"]:
        theirs = pinblock.encode_pinblock_iso_0(case["pin"], case["number"]).hex()
        assert theirs == case["field"], (theirs, case["field"])


def enciphered():
    for case in given["cases"]:
        read = pinblock.decipher_pinblock_iso_4(bytes.fromhex(case["key"]), bytes.fromhex(case["block"]), case["number"])
        assert read == case["pin"], (read, case["pin"])


told("blocks of format 0 are those that it makes", plain)
told("it reads the PINs in blocks of format 4", enciphered)
for at, case in enumerate(given["cases"]):
    block = pinblock.encipher_pinblock_iso_4(bytes.fromhex(case["key"]), case["pin"], case["number"])
    print(json.dumps({"title": f"block {at} {block.hex()}", "ok": True}))
