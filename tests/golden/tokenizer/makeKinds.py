"""Makes kinds/*.json, one small tokenizer of each kind in use, and kinds.json, what Python gives.

    python makeKinds.py

Trained by Python's tokenizers and by sentencepiece; the latter's models become a tokenizer.json by
transformers' own conversion, and are held to what sentencepiece itself says.
"""
import hashlib
import io
import json
import tempfile
from pathlib import Path

import sentencepiece
import tokenizers
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from make import NASTY, sample_text

here = Path(__file__).parent
folder = here / "kinds"
SAMPLE = sample_text(3000) + "\nthe quick brown fox jumps over the lazy dog, again and again. " * 20
TEXTS = NASTY + [
    "<s> as text</s> <unk> [CLS] <mask>x  <mask> y",
    "the lazy fox\u0000 jumps",
    "Ünïcödé İstanbul ǅ ﬁ ½ ① Ⅷ",
    "\u1100\u1161\u11a8 \ud7a4 각",
    "e\u0301\u0327 \u0928\u0940 \u0e33 \u202eright to left\u202c",
    "\r\n", "\n", "\t ", "\u2581 \u2581\u2581x", "\u00a0 \u3000",
    "x" * 101 + " " + "日" * 150,
]
# Tokens of the kind without words reach over every blank of the proverb.
PROVERB = "the quick brown fox jumps over the lazy dog, again and again. "
LONG = PROVERB * 4000 + sample_text(20000)


def lines():
    return [line for line in SAMPLE.split("\n") if line]


def byte_level(pre_tokenizer, **model):
    tok = Tokenizer(models.BPE(**model))
    tok.pre_tokenizer = pre_tokenizer
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(lines(), trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<s>", "</s>", "<unk>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tok


def roberta():
    """Prefix blank, and a mask that takes the blank before it."""
    tok = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True))
    tok.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tok.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    return tok


def llama3():
    pattern = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+")
    tok = byte_level(pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), ignore_merges=True)
    tok.post_processor = processors.TemplateProcessing("<s> $A", None, [("<s>", 0)])
    tok.enable_truncation(16)
    tok.enable_padding(length=8)
    return tok


def whole():
    """No words at all: tokens reach over blanks."""
    return byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False))


def piece_model(kind, size, **options):
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines()), model_writer=written, model_type=kind, vocab_size=size,
        normalization_rule_name="identity", minloglevel=2, num_threads=1, **options)
    return written.getvalue()


def byte_fallback():
    proto = piece_model("bpe", 600, byte_fallback=True, split_digits=True, remove_extra_whitespaces=False,
                        allow_whitespace_only_pieces=True, character_coverage=0.99)
    processor = sentencepiece.SentencePieceProcessor(model_proto=proto)
    vocabulary = {processor.id_to_piece(one): one for one in range(len(processor))}
    scores = {processor.id_to_piece(one): processor.get_score(one) for one in range(len(processor))}
    merges = sorted(
        ((left, piece[len(left):]) for piece in vocabulary for left in (piece[:cut] for cut in range(1, len(piece)))
         if left in vocabulary and piece[len(left):] in vocabulary and not processor.is_byte(vocabulary[piece])),
        key=lambda pair: (-scores[pair[0] + pair[1]], vocabulary[pair[0]], vocabulary[pair[1]]))
    tok = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tok.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tok.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tok.add_special_tokens(["<unk>", "<s>", "</s>"])
    tok.post_processor = processors.TemplateProcessing("<s> $A", None, [("<s>", 1)])
    return tok, processor


def unigram():
    proto = piece_model("unigram", 400, remove_extra_whitespaces=False)
    processor = sentencepiece.SentencePieceProcessor(model_proto=proto)
    pieces = [(processor.id_to_piece(one), processor.get_score(one)) for one in range(len(processor))]
    tok = Tokenizer(models.Unigram(pieces, unk_id=0))
    tok.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tok.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tok.add_special_tokens(["<unk>", "<s>", "</s>"])
    return tok, processor


def unigram_nfkc():
    """As XLM-RoBERTa and T5 have it: compatibility forms, runs of blanks as one."""
    tok = Tokenizer(models.Unigram())
    tok.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tok.pre_tokenizer = pre_tokenizers.Metaspace()
    tok.decoder = decoders.Metaspace()
    tok.train_from_iterator(lines(), trainers.UnigramTrainer(
        vocab_size=500, special_tokens=["<s>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False))
    return tok


def word_piece():
    tok = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tok.normalizer = normalizers.BertNormalizer(lowercase=True)
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tok.decoder = decoders.WordPiece()
    tok.train_from_iterator(lines(), trainers.WordPieceTrainer(
        vocab_size=500, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
    tok.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tok


def shortened(ids):
    if len(ids) <= 60:
        return ids
    return {"length": len(ids), "sha256": hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()}


def main():
    folder.mkdir(exist_ok=True)
    fallback, fallback_pieces = byte_fallback()
    pieces, pieces_processor = unigram()
    kinds = {"roberta": roberta(), "llama3": llama3(), "whole": whole(), "byteFallback": fallback,
             "unigram": pieces, "unigramNfkc": unigram_nfkc(), "wordPiece": word_piece()}
    result = {"versions": {"tokenizers": tokenizers.__version__, "sentencepiece": sentencepiece.__version__},
              "texts": TEXTS, "kinds": {}, "sentencepiece": {}}
    for name, tok in kinds.items():
        tok.save(str(folder / f"{name}.json"), pretty=False)
        loaded = Tokenizer.from_file(str(folder / f"{name}.json"))
        loaded.no_truncation()
        loaded.no_padding()
        encodings = [loaded.encode(text, add_special_tokens=False) for text in TEXTS]
        offsets = [[end for _, end in one.offsets] for one in encodings]
        result["kinds"][name] = {
            "ids": [shortened(one.ids) for one in encodings],
            "ends": [shortened(one) for one in offsets],
            "long": shortened(loaded.encode(LONG, add_special_tokens=False).ids)}
    plain = [text for text in TEXTS if not any(mark in text for mark in ("\u0000", "<", "\u2581"))]
    for name, processor in (("byteFallback", fallback_pieces), ("unigram", pieces_processor)):
        found = {}
        for text in plain:
            found[text] = shortened(processor.encode(text))
        result["sentencepiece"][name] = found
    (here / "kinds.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
