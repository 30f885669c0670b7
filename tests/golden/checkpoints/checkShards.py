"""Opens an export of ours, bfloat16 in shards, in transformers, and holds it against a model that
transformers itself was given the same weights of. Writes what it found to shards.json.

    npx tsx ours.ts /tmp/ours /tmp/shards && python checkShards.py /tmp/shards
"""
import hashlib
import json
import sys
from pathlib import Path

import safetensors
import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

folder = Path(sys.argv[1])
model, loading = AutoModelForCausalLM.from_pretrained(
    folder, output_loading_info=True, dtype='auto')
assert not any(loading[key] for key in ('missing_keys', 'unexpected_keys', 'mismatched_keys')), loading
assert type(model).__name__ == 'LlamaForCausalLM' and model.dtype == torch.bfloat16
shards = sorted(folder.glob('model-*.safetensors'))
assert len(shards) > 1

reference = transformers.LlamaForCausalLM(AutoConfig.from_pretrained(folder)).to(torch.bfloat16)
for tensor, (name, value) in enumerate(reference.named_parameters()):
    i = torch.arange(value.numel(), dtype=torch.float64)
    closed = (((i * 37 + tensor * 11) % 101) / 64 - 0.75).float().reshape(value.shape)
    value.data = closed.to(torch.bfloat16)

ids = AutoTokenizer.from_pretrained(folder)('then the thing, and there')['input_ids']
with torch.no_grad():
    found, expected = (one(torch.tensor([ids])).logits for one in (model, reference))
assert torch.isfinite(found).all() and torch.equal(found, expected)

(Path(__file__).parent / 'shards.json').write_text(json.dumps({
    'versions': {module.__name__: str(module.__version__)
                 for module in (torch, transformers, safetensors)},
    'sha256': {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
               for path in sorted(folder.iterdir())},
    'dtype': str(model.dtype),
    'equalLogits': found.numel(),
}, indent=1) + '\n')
print('opened by transformers', transformers.__version__)
