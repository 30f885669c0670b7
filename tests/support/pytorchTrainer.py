"""Trains one run for Assay with PyTorch and transformers: the contract of docs/trainer.md, all of it.

    python pytorchTrainer.py --tokens {tokens} --init {init} --recipe {recipe} --state {state} --out {out}
"""

import argparse
import json
import os
import signal
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

parser = argparse.ArgumentParser()
for name in ("tokens", "init", "recipe", "state", "out"):
    parser.add_argument(f"--{name}", type=Path, required=True)
args = parser.parse_args()

recipe = json.loads(args.recipe.read_text())
optimizer_recipe, schedule = recipe["optimizer"], recipe["schedule"]
assert recipe["loss"]["attention"] == "causal", "maskDocuments is not done by this trainer"
torch.set_num_threads(int(os.environ.get("ASSAY_THREADS", "1")))
torch.manual_seed(recipe["randomSeed"])

shards = [
    np.load(args.tokens / shard["file"], mmap_mode="r") for shard in recipe["tokens"]["shards"]
]
rows = np.concatenate([np.arange(len(shard)) for shard in shards])
owners = np.concatenate([np.full(len(shard), place) for place, shard in enumerate(shards)])


def batch(step):
    places = range(step * recipe["batchSize"], (step + 1) * recipe["batchSize"])
    sequences = [shards[owners[place]][rows[place]].astype(np.int64) for place in places]
    return torch.from_numpy(np.stack(sequences))


model = AutoModelForCausalLM.from_pretrained(args.init, dtype=torch.float32)
model.train()
parameters = dict(model.named_parameters())
optimizer = torch.optim.AdamW(
    [{"params": [one]} for one in parameters.values()],
    lr=schedule["peakLearningRate"],
    betas=(optimizer_recipe["beta1"], optimizer_recipe["beta2"]),
    eps=optimizer_recipe["epsilon"],
    # On all parameters, norms and embeddings too.
    weight_decay=optimizer_recipe["weightDecay"],
)

updates = 0
if recipe["start"]["moments"]:
    with safe_open(args.init / "optimizer.safetensors", framework="pt") as moments:
        updates = int(moments.metadata()["optimizer_steps"])
        for name, parameter in parameters.items():
            optimizer.state[parameter] = {
                "step": torch.tensor(float(updates)),
                "exp_avg": moments.get_tensor(f"exp_avg.{name}"),
                "exp_avg_sq": moments.get_tensor(f"exp_avg_sq.{name}"),
            }

first = 0
kept = args.state / "state.pt"
if kept.exists():
    state = torch.load(kept, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    first = state["step"]

is_stopping = False


def stop(*_):
    global is_stopping
    is_stopping = True


signal.signal(signal.SIGTERM, stop)
print(f'assay device="PyTorch {torch.__version__} on the processor"', flush=True)

for step in range(first, recipe["steps"]):
    if is_stopping:
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
        torch.save(state, kept.with_suffix(".new"))
        os.replace(kept.with_suffix(".new"), kept)
        raise SystemExit(0)
    ids = batch(step)
    total = 0.0
    optimizer.zero_grad()
    for part in ids.split(recipe["microBatchSize"]):
        logits = model(part[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(
            logits.reshape(-1, logits.shape[-1]), part[:, 1:].reshape(-1)
        ) * (len(part) / len(ids))
        loss.backward()
        total += loss.item()
    limit = optimizer_recipe["gradientClip"]
    norm = torch.nn.utils.clip_grad_norm_(
        parameters.values(), float("inf") if limit is None else limit
    )
    rate = schedule["learningRates"][step]
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    print(
        f"assay step={step + 1} loss={total:.6f} learning_rate={rate} gradient_norm={norm.item():.6f}",
        flush=True,
    )

model.save_pretrained(args.out)
tensors = {}
for name, parameter in parameters.items():
    tensors[f"exp_avg.{name}"] = optimizer.state[parameter]["exp_avg"]
    tensors[f"exp_avg_sq.{name}"] = optimizer.state[parameter]["exp_avg_sq"]
save_file(
    tensors,
    args.out / "optimizer.safetensors",
    metadata={"optimizer_steps": str(updates + recipe["steps"])},
)
