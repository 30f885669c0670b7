"""How far merges by Assay and by mergekit are from the exact sum: the table of docs/merging.md.

    python precision.py        # mergekit 0.1.5, torch, transformers; Assay built beside it

The exact sum is one of fractions, of the values as they are stored and the weights as float64. An ulp is
the distance between neighbouring values of the result's type at the exact sum; the nearest value is at
most half an ulp away. Weights such as 0.7, 0.2 and 2.5 put many sums halfway between two values, but for
the 2^-54 by which 0.7 is no fraction in binary: a value that is farther by less than a millionth of an
ulp counts as the nearest. Sums that cancel to less than a thousandth of their largest term are left out:
there an ulp is smaller than what float64 knows of the terms.
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
    ('linear', 'float32', 'float32', [1.0] * 8),
    ('linear', 'float32', 'float32', [0.7, 0.2, 2.5]),
    ('linear', 'bfloat16', 'bfloat16', [1.0] * 8),
    ('linear', 'bfloat16', 'bfloat16', [0.7, 0.2, 2.5]),
    ('linear', 'float32', 'bfloat16', [0.7, 0.2, 2.5]),
    ('task_arithmetic', 'float32', 'float32', [0.7, 0.2, 0.4]),
    ('task_arithmetic', 'bfloat16', 'bfloat16', [0.7, 0.2, 0.4]),
]


def make_model(folder, dtype, seed):
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=512, hidden_size=64, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=32, tie_word_embeddings=True, bos_token_id=0, eos_token_id=0)
    transformers.LlamaForCausalLM(config).to(dtype).save_pretrained(folder)


def by_mergekit(folder, method, models, weights, dtype, out_dtype):
    configuration = {'merge_method': method, 'dtype': dtype, 'out_dtype': out_dtype, 'models': [
        {'model': model, 'parameters': {'weight': weight}} for model, weight in zip(models[1:], weights)]}
    if method != 'linear':
        configuration['base_model'] = models[0]
    run_merge(MergeConfiguration.model_validate(configuration), folder,
              MergeOptions(copy_tokenizer=False, write_model_card=False, quiet=True))


def by_assay(folder, method, models, weights, out_dtype):
    base = [] if method == 'linear' else ['--base', models[0]]
    subprocess.run(['node', root / 'bin/assay.mjs', 'merge', *models[1:], '--out', folder, '--dtype', out_dtype,
                    '--method', method, *base, '--weights', ','.join(map(str, weights))],
                   check=True, capture_output=True)


def read(folder):
    return safetensors.torch.load_file(Path(folder) / 'model.safetensors')[NAME].flatten()


def terms_of(method, weights, values):
    """What is summed, exactly: of linear the weighted values, else the base and weighted differences."""
    base, *models = map(Fraction, values)
    weights = list(map(Fraction, weights))
    if method == 'linear':
        return [weight * value / sum(weights) for weight, value in zip(weights, models)]
    return [base] + [weight * (value - base) for weight, value in zip(weights, models)]


def errors(result, all_terms):
    bits = FRACTION_BITS[result.dtype]
    found = []
    for value, terms in zip(result.double().tolist(), all_terms):
        wanted = sum(terms)
        if abs(wanted) < max(map(abs, terms)) / 1000 or wanted == 0:
            continue
        ulp = Fraction(2) ** (floor(log2(abs(wanted))) - bits)
        found.append(float(abs(Fraction(value) - wanted) / ulp))
    return found


def main():
    print('| method | models | result | weights | by | not the nearest value | largest error | mean error |')
    print('| --- | --- | --- | --- | --- | --- | --- | --- |')
    for method, dtype, out_dtype, weights in CASES:
        with tempfile.TemporaryDirectory() as place:
            models = [f'{place}/{index}' for index in range(len(weights) + 1)]
            for index, model in enumerate(models):
                make_model(model, getattr(torch, dtype), index)
            by_mergekit(f'{place}/mergekit', method, models, weights, dtype, out_dtype)
            by_assay(f'{place}/assay', method, models, weights, out_dtype)
            columns = [read(model).double().tolist() for model in models]
            terms = [terms_of(method, weights, values) for values in zip(*columns)]
            said = f'{len(weights)} equal' if len(set(weights)) == 1 else ', '.join(map(str, weights))
            for who in ('Assay', 'mergekit'):
                found = errors(read(f'{place}/{who.lower()}'), terms)
                wrong = sum(error > 0.500001 for error in found) / len(found)
                print(f'| {method} | {dtype} | {out_dtype} | {said} | {who} | {wrong * 100:.2f} % | '
                      f'{max(found):.3f} ulp | {sum(found) / len(found):.3f} ulp |', flush=True)
    print(json.dumps({name: version(name) for name in ('mergekit', 'torch', 'transformers')}))


main()
