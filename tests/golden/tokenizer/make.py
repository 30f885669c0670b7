"""Makes byteLevelBpe.json: what Python's tokenizers gives for the same text. Run: python make.py"""

import hashlib
import json
import os
import pathlib
import tempfile

import tokenizers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

SYLLABLES = ["ka", "lo", "mi", "ste", "ran", "é", "ß", "th", "ing", "qu", "o'", "12", "日", "本", "й", "x_"]
SEPARATORS = [" ", " ", " ", " ", ", ", ". ", "\n", "  ", "\t", "!\n\n"]


def sample_text(words=12000):
    """Text from a 32-bit linear congruential generator, the same in every language."""
    state = 1
    pieces = []

    def draw(below):
        nonlocal state
        state = (state * 1664525 + 1013904223) % 2**32
        return (state >> 16) % below

    for _ in range(words):
        count = 1 + min(draw(5), draw(5))
        pieces.extend(SYLLABLES[draw(1 + draw(len(SYLLABLES)))] for _ in range(count))
        pieces.append(SEPARATORS[draw(len(SEPARATORS))])
    return "".join(pieces)


NASTY = [
    "",
    " ",
    "kalo miste ran",
    "  leading and trailing  ",
    "line\r\nline\n\n\n\tindent",
    "👩‍👩‍👧‍👦 family, 🏳️‍🌈 flag, 👍🏽 thumb",
    "NUL \u0000 inside \u0000\u0000",
    "\ufeffbyte order mark",
    "é as one, e\u0301 as two",
    "<|endoftext|> as text <|endoftext|><|endoftext|>",
    "a" * 5000,
    " " * 3000,
    "日本語のテキスト、本",
    "עברית العربية हिन्दी ไทย",
    "I'm you're they'll we've O'Neill'S",
    "1234567890 3.14159 0x1F",
    "\u200b\u200d\u2028\u2029\u00a0\u3000",
    "!?!?---***###",
    "\U0001d4d0\U0001f1e9\U0001f1ea",
    "".join(chr(code) for code in range(1, 256)),
    "\ufffd\ufffe\uffff",
]


def train(path, size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train(
        [path],
        trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=["<|endoftext|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return tokenizer


def with_other_rules(tokenizer):
    """NFC and a pattern as newer models have it, over the same vocabulary."""
    other = Tokenizer.from_str(tokenizer.to_str())
    other.normalizer = normalizers.NFC()
    pattern = (
        r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    other.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return other


def ids(tokenizer):
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in NASTY]


def shortened(lists):
    """Long lists of ids as their length and the hash of the ids joined by commas."""
    return [
        one
        if len(one) <= 100
        else {"length": len(one), "sha256": hashlib.sha256(",".join(map(str, one)).encode()).hexdigest()}
        for one in lists
    ]


def main():
    text = sample_text()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "sample.txt")
        pathlib.Path(path).write_bytes(text.encode())
        trained = train(path, 2048)
        small = train(path, 257 + 10)
    model = json.loads(trained.to_str())["model"]
    golden = {
        "versions": {"tokenizers": tokenizers.__version__},
        "sampleSha256": hashlib.sha256(text.encode()).hexdigest(),
        "vocabulary": [token for token, _ in sorted(model["vocab"].items(), key=lambda item: item[1])],
        "merges": [" ".join(merge) for merge in model["merges"]],
        "smallMerges": [" ".join(merge) for merge in json.loads(small.to_str())["model"]["merges"]],
        "texts": NASTY,
        "ids": shortened(ids(trained)),
        "idsOfOtherRules": shortened(ids(with_other_rules(trained))),
        "otherRules": {
            key: json.loads(with_other_rules(trained).to_str())[key]
            for key in ("normalizer", "pre_tokenizer")
        },
    }
    target = pathlib.Path(__file__).with_name("byteLevelBpe.json")
    target.write_text(json.dumps(golden, ensure_ascii=True, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
