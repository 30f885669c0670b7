"""Makes formats/: the same five documents as other people's libraries write them."""

import json
import os
import pathlib
import shutil

os.environ["HF_HUB_OFFLINE"] = "1"

import datasets
import numpy
import pyarrow
import pyarrow.parquet
import zstandard

ROWS = [
    {"text": "\ufeffmark at the beginning", "year": 2010, "metadata": {"topic": "art"}},
    {"text": "second é 日本 👩‍👩‍👧", "year": 2011, "metadata": {"topic": "art"}},
    {"text": 'quotes " and, commas\nand a newline', "year": 2012, "metadata": {"topic": "science"}},
    {"text": "NUL \u0000 inside", "year": 2013, "metadata": {"topic": "science"}},
    {"text": "the last one", "year": 2014, "metadata": {"topic": None}},
]
FOLDER = pathlib.Path(__file__).with_name("formats")


def megatron(path, documents, end):
    """The layout of Megatron-LM's indexed files, version 1: one sequence per document, int32."""
    sequences = [numpy.array([*ids, end], dtype=numpy.int32) for ids in documents]
    path.with_suffix(".bin").write_bytes(b"".join(one.tobytes() for one in sequences))
    lengths = numpy.array([len(one) for one in sequences], dtype=numpy.int32)
    pointers = numpy.array([0, *numpy.cumsum(lengths)[:-1] * 4], dtype=numpy.int64)
    header = b"MMIDIDX\x00\x00" + (1).to_bytes(8, "little") + bytes([4])
    counts = len(sequences).to_bytes(8, "little") + (len(sequences) + 1).to_bytes(8, "little")
    borders = numpy.arange(len(sequences) + 1, dtype=numpy.int64)
    index = header + counts + lengths.tobytes() + pointers.tobytes() + borders.tobytes()
    path.with_suffix(".idx").write_bytes(index)


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
    half = len(lines) // 2
    compress = zstandard.ZstdCompressor().compress
    (FOLDER / "documents.jsonl.zst").write_bytes(compress(lines[:half]) + compress(lines[half:]))
    pyarrow.parquet.write_table(
        pyarrow.Table.from_pylist(ROWS), FOLDER / "documents.parquet", compression="zstd", row_group_size=2
    )
    saved = datasets.Dataset.from_list(ROWS)
    datasets.DatasetDict({"train": saved.select(range(3)), "test": saved.select(range(3, 5))}).save_to_disk(
        FOLDER / "saved"
    )
    documents = [[5, 6, 7], [8], [300, 301]]
    flat = numpy.array([token for ids in documents for token in [*ids, 0]])
    numpy.save(FOLDER / "tokens.npy", flat.astype(numpy.uint16))
    (FOLDER / "flat.bin").write_bytes(flat.astype(numpy.uint16).tobytes())
    megatron(FOLDER / "megatron", documents, 0)
    versions = {
        "datasets": datasets.__version__,
        "numpy": numpy.__version__,
        "pyarrow": pyarrow.__version__,
        "zstandard": zstandard.__version__,
    }
    (FOLDER / "rows.json").write_text(
        json.dumps({"versions": versions, "rows": ROWS, "tokens": documents}, indent=1) + "\n"
    )


main()
