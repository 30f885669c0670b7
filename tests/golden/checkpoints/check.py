"""Opens a checkpoint of ours in transformers and writes what it found to opened.json.

    npx tsx ours.ts /tmp/ours && python check.py /tmp/ours
"""
import hashlib
import json
import sys
from pathlib import Path

import safetensors
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = Path(sys.argv[1])
model, loading = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
assert not any(loading[key] for key in ('missing_keys', 'unexpected_keys', 'mismatched_keys')), loading
assert type(model).__name__ == 'LlamaForCausalLM' and model.dtype == torch.float32
for tensor, (name, value) in enumerate(model.named_parameters()):
    i = torch.arange(value.numel(), dtype=torch.float64)
    expected = (((i * 37 + tensor * 11) % 101) / 64 - 0.75).float().reshape(value.shape)
    assert torch.equal(value, expected), name

tokenizer = AutoTokenizer.from_pretrained(folder)
text = 'then the thing 👩‍🚀 é\n\n<|endoftext|> they'
ids = tokenizer(text)['input_ids']
assert tokenizer.decode(ids) == text
with torch.no_grad():
    logits = model(torch.tensor([ids[:32]])).logits
assert torch.isfinite(logits).all()

config = model.config
found = {
    'versions': {module.__name__: str(module.__version__)
                 for module in (torch, transformers, safetensors)},
    'sha256': {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
               for path in sorted(folder.iterdir())},
    'config': {key: getattr(config, key) for key in (
        'vocab_size', 'hidden_size', 'intermediate_size', 'num_hidden_layers',
        'num_attention_heads', 'num_key_value_heads', 'max_position_embeddings', 'rms_norm_eps',
        'tie_word_embeddings', 'bos_token_id', 'eos_token_id')},
    'ropeTheta': config.rope_parameters['rope_theta'],
    'generationEnd': model.generation_config.eos_token_id,
    'endOfText': [tokenizer.eos_token, tokenizer.eos_token_id],
    'text': text,
    'ids': ids,
}
(Path(__file__).parent / 'opened.json').write_text(json.dumps(found, indent=1) + '\n')
print('opened by transformers', transformers.__version__)
