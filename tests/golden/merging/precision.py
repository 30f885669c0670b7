"""How far linear merges by Assay and by mergekit are from the exact sum: the table of docs/merging.md.

    python precision.py        # mergekit 0.1.5, torch, transformers; Assay built beside it

The exact sum is one of fractions, of the values as they are stored and the weights as float64. An ulp is
the distance between neighbouring values of the result's type at the exact sum; the nearest value is at
most half an ulp away.
"""
import json
import os
import shutil
import subprocess
import tempfile
from fractions import Fraction
from importlib.metadata import version
from math import floor, log2
from pathlib import Path

import safetensors.torch
import torch
import transformers
from mergekit.config import MergeConfiguration
from mergekit.merge import run_merge
from mergekit.options import MergeOptions

root = Path(__file__).resolve().parents[3]
NAME = 'model.embed_tokens.weight'
FRACTION_BITS = {torch.float32: 23, torch.bfloat16: 7}

CASES = [
    ('float32', 'float32', [1.0] * 8),
    ('float32', 'float32', [0.7, 0.2, 2.5]),
    ('bfloat16', 'bfloat16', [1.0] * 8),
    ('bfloat16', 'bfloat16', [0.3, 0.5]),
    ('bfloat16', 'bfloat16', [0.7, 0.2, 2.5]),
    ('float32', 'bfloat16', [0.7, 0.2, 2.5]),
]


def make_model(folder, dtype, seed):
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=512, hidden_size=64, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=32, tie_word_embeddings=True, bos_token_id=0, eos_token_id=0)
    transformers.LlamaForCausalLM(config).to(dtype).save_pretrained(folder)


def by_mergekit(folder, models, weights, dtype, out_dtype):
    configuration = {'merge_method': 'linear', 'dtype': dtype, 'out_dtype': out_dtype, 'models': [
        {'model': model, 'parameters': {'weight': weight}} for model, weight in zip(models, weights)]}
    run_merge(MergeConfiguration.model_validate(configuration), folder,
              MergeOptions(copy_tokenizer=False, write_model_card=False, quiet=True))


def by_assay(folder, models, weights, out_dtype):
    subprocess.run(['node', root / 'bin/assay.mjs', 'merge', *models, '--out', folder, '--dtype', out_dtype,
                    '--weights', ','.join(map(str, weights))], check=True, capture_output=True)


def read(folder):
    return safetensors.torch.load_file(Path(folder) / 'model.safetensors')[NAME].flatten()


def errors(result, exact):
    bits = FRACTION_BITS[result.dtype]
    found = []
    for value, wanted in zip(result.double().tolist(), exact):
        ulp = Fraction(2) ** (floor(log2(abs(wanted))) - bits)
        found.append(float(abs(Fraction(value) - wanted) / ulp))
    return found


def main():
    print('| models | result | weights | | not the nearest value | largest error | mean error |')
    print('| --- | --- | --- | --- | --- | --- | --- |')
    for dtype, out_dtype, weights in CASES:
        with tempfile.TemporaryDirectory() as place:
            models = [f'{place}/{index}' for index in range(len(weights))]
            for index, model in enumerate(models):
                make_model(model, getattr(torch, dtype), index)
            by_mergekit(f'{place}/mergekit', models, weights, dtype, out_dtype)
            by_assay(f'{place}/assay', models, weights, out_dtype)
            columns = [read(model).double().tolist() for model in models]
            total = sum(map(Fraction, weights))
            exact = [sum(Fraction(w) * Fraction(v) for w, v in zip(weights, values)) / total
                     for values in zip(*columns)]
            said = f'{len(weights)} equal' if len(set(weights)) == 1 else ', '.join(map(str, weights))
            for who in ('assay', 'mergekit'):
                found = errors(read(f'{place}/{who}'), exact)
                wrong = sum(error > 0.5 for error in found) / len(found)
                print(f"| {dtype} | {out_dtype} | {said} | {'Assay' if who == 'assay' else who} | "
                      f'{wrong * 100:.2f} % | {max(found):.3f} ulp | {sum(found) / len(found):.4f} ulp |',
                      flush=True)
    print(json.dumps({name: version(name) for name in ('mergekit', 'torch', 'transformers')}))


main()
