"""The same work in PyTorch: `npm run bench` runs this beside Assay.

A Llama-family decoder in plain PyTorch, with what PyTorch has that is fast: fused scaled
dot-product attention, fused AdamW, rms_norm. A training step is what Assay's is: batch, forward,
backward, clipping at 1.0, AdamW with decay 0.1, the loss read. Prints one JSON line.
"""
import argparse
import json
import resource
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

VOCABULARY, TIME, BATCH, WIDTH, LAYERS, HEADS, INNER = 8192, 256, 8, 256, 6, 4, 672


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm = nn.RMSNorm(WIDTH, eps=1e-5)
        self.query_key_value = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.output = nn.Linear(WIDTH, WIDTH, bias=False)
        self.feed_norm = nn.RMSNorm(WIDTH, eps=1e-5)
        self.gate_up = nn.Linear(WIDTH, 2 * INNER, bias=False)
        self.down = nn.Linear(INNER, WIDTH, bias=False)

    def forward(self, x, cos, sin):
        batch, steps, _ = x.shape

        def rotate(part):
            a, b = part.chunk(2, -1)
            return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)

        projected = self.query_key_value(self.attention_norm(x))
        q, k, v = projected.view(batch, steps, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4).unbind(0)
        heads = F.scaled_dot_product_attention(rotate(q), rotate(k), v, is_causal=True)
        x = x + self.output(heads.transpose(1, 2).reshape(batch, steps, WIDTH))
        gate, up = self.gate_up(self.feed_norm(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.blocks = nn.ModuleList([Block() for _ in range(LAYERS)])
        self.norm = nn.RMSNorm(WIDTH, eps=1e-5)
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)
        half = WIDTH // HEADS // 2
        angles = torch.outer(torch.arange(TIME).float(), 10000 ** (-torch.arange(half) / half))
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())

    def forward(self, ids, targets, reduction="mean"):
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        logits = self.head(self.norm(x)).view(-1, VOCABULARY)
        return F.cross_entropy(logits, targets.view(-1), reduction=reduction)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["train", "eval"])
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    torch.manual_seed(1)
    model = Decoder()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    run = torch.compile(model) if options.compile else model

    def train_step(ids, targets):
        loss = run(ids, targets)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    def evaluate(ids, targets):
        with torch.no_grad():
            return run(ids, targets, reduction="none").sum().item()

    step = train_step if options.what == "train" else evaluate
    if options.what == "eval":
        model.eval()

    def timed():
        ids = torch.randint(VOCABULARY, (BATCH, TIME))
        targets = torch.randint(VOCABULARY, (BATCH, TIME))
        began = time.perf_counter()
        step(ids, targets)
        return time.perf_counter() - began

    for _ in range(3):
        timed()
    ends = time.perf_counter() + options.seconds
    best = timed()
    while time.perf_counter() < ends:
        best = min(best, timed())
    print(
        json.dumps(
            {
                "tokensPerSecond": BATCH * TIME / best,
                "parameters": sum(p.numel() for p in model.parameters()),
                "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "threads": torch.get_num_threads(),
                "torch": torch.__version__,
            }
        )
    )


main()
