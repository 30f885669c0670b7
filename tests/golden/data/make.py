"""Makes permute.json: values of the four-round Feistel walk, written anew in Python from its description."""

import hashlib
import json
import pathlib
import platform


def mix32(value):
    value &= 0xFFFFFFFF
    value = ((value ^ (value >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    value = ((value ^ (value >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    return value ^ (value >> 16)


def keys(parts):
    digest = hashlib.sha256(json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()).digest()
    return [int.from_bytes(digest[4 * i : 4 * i + 4], "little") for i in range(4)]


def permute(n, key, position):
    half = max(1, (max(n - 1, 0).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    while True:
        left, right = position >> half, position & mask
        for word in key:
            left, right = right, left ^ (mix32(right ^ word) & mask)
        position = (left << half) | right
        if position < n:
            return position


def main():
    cases = []
    for n, parts in [(1, [1, "a"]), (7, [1, "a"]), (10, [2, "unit", "ff", 0]), (1000, [3, "é"]), (2**32, [4])]:
        positions = list(range(min(n, 10))) + ([n - 1] if n > 10 else [])
        key = keys(parts)
        cases.append(
            {"n": n, "parts": parts, "positions": positions, "values": [permute(n, key, p) for p in positions]}
        )
    target = pathlib.Path(__file__).with_name("permute.json")
    target.write_text(json.dumps({"versions": {"python": platform.python_version()}, "cases": cases}, indent=1) + "\n")


main()
