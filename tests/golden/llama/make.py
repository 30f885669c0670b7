"""Writes llama.json: what transformers' LlamaForCausalLM and PyTorch compute for tiny models.

pip install torch transformers, then: python make.py
"""

import json
import math
from pathlib import Path

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM

torch.set_num_threads(1)
torch.manual_seed(0)

SHAPES = {
    "untied": dict(hidden=16, layers=2, heads=2, kv=2, inner=24, vocab=37, tied=False),
    "tied": dict(hidden=16, layers=1, heads=4, kv=4, inner=20, vocab=256, tied=True),
    "grouped": dict(hidden=24, layers=2, heads=4, kv=2, inner=20, vocab=29, tied=False),
}
TIME, BATCH, STEPS, END = 8, 3, 4, 0
OPTIMIZER = dict(lr=1e-2, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
CLIP = 0.5


def numbers(tensor):
    return [float(f"{value:.8g}") for value in tensor.detach().flatten().tolist()]


def build(shape):
    config = LlamaConfig(
        hidden_size=shape["hidden"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["kv"],
        intermediate_size=shape["inner"],
        vocab_size=shape["vocab"],
        tie_word_embeddings=shape["tied"],
        max_position_embeddings=64,
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
        hidden_act="silu",
        attn_implementation="eager",
    )
    model = LlamaForCausalLM(config).float()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            base = 1.0 if "norm" in name else 0.0
            parameter.copy_(base + 0.2 * torch.randn_like(parameter))
    return model


def loss_of(model, rows):
    logits = model(rows[:, :-1]).logits
    return torch.nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), rows[:, 1:].reshape(-1)
    )


def document_nats(model, document, window):
    """Every token once, by one forward pass for each: the left context a window gives it."""
    sequence = [END] + document
    nats = 0.0
    for position in range(1, len(sequence)):
        full = (position - 1) // window
        is_last = (full + 1) * window > len(document)
        begin = max(0, len(document) - window) if is_last else full * window
        with torch.no_grad():
            logits = model(torch.tensor([sequence[begin:position]])).logits[0, -1].double()
        nats -= torch.log_softmax(logits, -1)[sequence[position]].item()
    return nats


def main():
    cases = {}
    for name, shape in SHAPES.items():
        model = build(shape)
        weights = {key: numbers(value) for key, value in model.named_parameters()}
        rows = torch.randint(0, shape["vocab"], (STEPS, BATCH, TIME + 1))
        documents = [
            torch.randint(1, shape["vocab"], (length,)).tolist() for length in (1, 5, 6, 7, 17, 24)
        ]
        nats = [document_nats(model, document, 6) for document in documents]
        logits = model(rows[0][:, :-1]).logits
        loss = loss_of(model, rows[0])
        loss.backward()
        gradients = {key: numbers(value.grad) for key, value in model.named_parameters()}
        model.zero_grad()
        optimizer = torch.optim.AdamW(model.parameters(), **OPTIMIZER)
        losses, norms = [], []
        for batch in rows:
            step_loss = loss_of(model, batch)
            optimizer.zero_grad()
            step_loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            losses.append(step_loss.item())
            norms.append(norm.item())
        cases[name] = {
            "shape": shape,
            "weights": weights,
            "batches": [batch.flatten().tolist() for batch in rows],
            "logits": numbers(logits),
            "loss": loss.item(),
            "gradients": gradients,
            "training": {
                "losses": losses,
                "gradientNorms": norms,
                "weights": {key: numbers(value) for key, value in model.named_parameters()},
            },
            "measuring": {"window": 6, "endOfTextId": END, "documents": documents, "nats": nats},
        }
        assert all(math.isfinite(value) for value in losses + nats)
    result = {
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "time": TIME,
        "batch": BATCH,
        "optimizer": {**OPTIMIZER, "clip": CLIP},
        "cases": cases,
    }
    path = Path(__file__).with_name("llama.json")
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


main()
