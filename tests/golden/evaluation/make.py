"""Makes a tiny random Llama, a text and a task, and what transformers' own loss makes of them.

    python make.py

Every number comes from `model(input_ids, labels=...).loss` of transformers: labels are -100 but for
the tokens that a window scores. Windows are those of docs/perplexity.md; `guide` follows the strided
loop of https://huggingface.co/docs/transformers/perplexity to the letter.
"""
import json
import math
import shutil
from pathlib import Path

import tokenizers
import torch
import transformers

here = Path(__file__).parent
folder = here / "tiny"
WINDOW = 24

TEXTS = [
    "the theory of the thing, then and there, that they think",
    "a",
    "Über den Fluß 日本語 👩‍👩‍👧 e\u0301 and the rest of it.\r\n\tIndented.  ",
    "",
    "then " * 40,
    "numbers 12 123 1234 12345, and the theory of numbers: the thing that they think of there and then",
    "x" * 100,
]
TASK = [
    {"context": "Question: what do they think of?\nAnswer:", "choices": ["the theory", "nothing", "a thing there"], "gold": 0},
    {"context": "the thing and the ", "choices": ["theory", "thing"], "gold": "thing"},
    {"context": "", "choices": ["then", "there and then"], "gold": 1},
    {"context": "they think that " * 8 + "\n", "choices": ["the", "日本", "there is a theory of the thing, then and there, that they think about it"], "gold": 2},
    {"context": "the th", "choices": ["eory", "ing"], "gold": 0},
]


def make_tokenizer():
    tok = tokenizers.Tokenizer(tokenizers.models.BPE())
    tok.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=320, special_tokens=["<s>", "</s>"], show_progress=False,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet())
    tok.train_from_iterator([TEXTS[0] + " numbers there is a theory of it"] * 9, trainer)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tok, bos_token="<s>", eos_token="</s>")


def make_model(vocabulary):
    torch.manual_seed(7)
    config = transformers.LlamaConfig(
        vocab_size=vocabulary, hidden_size=24, intermediate_size=40, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128,
        rope_theta=10000.0, rms_norm_eps=1e-5, tie_word_embeddings=False,
        bos_token_id=0, eos_token_id=1, attn_implementation="eager")
    model = transformers.LlamaForCausalLM(config).float()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            base = 1.0 if "norm" in name else 0.0
            parameter.copy_(base + 0.3 * torch.randn_like(parameter))
    # What is stored is what is measured.
    return model.to(torch.bfloat16)


def window_nats(model, sequence, begin, end, scored):
    """Of sequence[begin..end], the loss of its last `scored` tokens."""
    ids = torch.tensor([sequence[begin : end + 1]])
    labels = torch.full_like(ids, -100)
    labels[0, -scored:] = ids[0, -scored:]
    with torch.no_grad():
        return model(input_ids=ids, labels=labels).loss.double().item() * scored


def document_nats(model, first, ids, window, stride, context=0):
    sequence = [first] + ids
    nats, counted = 0.0, context
    while counted < len(ids):
        end = min(len(ids), max(window, counted + stride))
        nats += window_nats(model, sequence, max(0, end - window), end, end - counted)
        counted = end
    return nats


def guide_nats(model, first, ids, window, stride):
    """The loop of the guide; its windows hold one token more, the first of which is not predicted."""
    sequence = torch.tensor([[first] + ids])
    nats, tokens, before = 0.0, 0, 0
    for begin in range(0, sequence.size(1), stride):
        end = min(begin + window + 1, sequence.size(1))
        target_length = end - before
        inputs = sequence[:, begin:end]
        targets = inputs.clone()
        targets[:, :-target_length] = -100
        with torch.no_grad():
            loss = model(inputs, labels=targets).loss
        # Labels are shifted inside, which costs the first window one of its targets.
        valid = (targets != -100).sum().item()
        predicted = valid - targets.size(0) if begin == 0 else valid
        nats += loss.double().item() * predicted
        tokens += predicted
        before = end
        if end == sequence.size(1):
            break
    return {"nats": nats, "tokens": tokens}


def encode_pair(tokenizer, context, continuation):
    blanks = len(context) - len(context.rstrip())
    if blanks > 0:
        continuation, context = context[-blanks:] + continuation, context[:-blanks]
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False)
    before = encode(context)
    return before, encode(context + continuation)[len(before):], continuation


def answers(model, tokenizer, item, window):
    context, found = item["context"], []
    for choice in item["choices"]:
        text = choice if context == "" or context[-1].isspace() or choice[0].isspace() else " " + choice
        before, ids, scored = encode_pair(tokenizer, context, text)
        found.append({
            "nats": document_nats(model, 0, before + ids, window, window, len(before)),
            "tokens": len(ids), "bytes": len(scored.encode())})
    return found


def task_numbers(scored):
    sums, probabilities, right, right_per_byte = [0.0, 0, 0], [], [], []
    for item, costs in zip(TASK, scored):
        gold = item["gold"] if isinstance(item["gold"], int) else item["choices"].index(item["gold"])
        for place, key in enumerate(("nats", "tokens", "bytes")):
            sums[place] += costs[gold][key]
        per_byte = [math.exp(-one["nats"] / one["bytes"]) for one in costs]
        probabilities.append(per_byte[gold] / sum(per_byte))
        right.append(min(range(len(costs)), key=lambda at: costs[at]["nats"]) == gold)
        right_per_byte.append(max(range(len(costs)), key=lambda at: per_byte[at]) == gold)
    mean = lambda values: sum(values) / len(values)
    return {
        "nats": sums[0], "tokens": sums[1], "bytes": sums[2],
        "normalizedProbability": mean(probabilities),
        "accuracy": mean(right), "accuracyPerByte": mean(right_per_byte)}


def main():
    shutil.rmtree(folder, ignore_errors=True)
    tokenizer = make_tokenizer()
    make_model(len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager")
    (here / "texts.jsonl").write_text("".join(json.dumps({"body": text}) + "\n" for text in TEXTS))
    (here / "task.jsonl").write_text("".join(json.dumps(item) + "\n" for item in TASK))
    ids = [tokenizer.encode(text, add_special_tokens=False) for text in TEXTS]
    total = lambda window, stride, first=0: sum(
        document_nats(model, first, one, window, stride) for one in ids)
    strided = ids[6][: 24 + 8 * 3]
    scored = [answers(model, tokenizer, item, 128) for item in TASK]
    expected = {
        "versions": {module.__name__: module.__version__ for module in (torch, transformers, tokenizers)},
        "tokens": sum(map(len, ids)),
        "bytes": sum(len(text.encode()) for text in TEXTS),
        "ids": ids,
        "texts": [
            {"window": 128, "stride": 128, "nats": total(128, 128)},
            {"window": WINDOW, "stride": WINDOW, "nats": total(WINDOW, WINDOW)},
            {"window": WINDOW, "stride": 8, "nats": total(WINDOW, 8)},
            {"window": WINDOW, "stride": 5, "nats": total(WINDOW, 5)},
            {"window": WINDOW, "stride": 1, "nats": total(WINDOW, 1)},
            {"window": WINDOW, "stride": WINDOW, "begin": "</s>", "nats": total(WINDOW, WINDOW, 1)},
        ],
        "guide": {"ids": strided, "window": 24, "stride": 8, **guide_nats(model, 0, strided, 24, 8)},
        "task": {
            "answers": scored,
            **task_numbers(scored),
            "short": {"window": WINDOW, **task_numbers([answers(model, tokenizer, item, WINDOW) for item in TASK])},
        },
    }
    (here / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


main()
