"""Makes the files that the tests of src/engine/checkpoints read.

    python make.py

Everything is written by other people's code: transformers, safetensors, torch, tokenizers.
"""
import hashlib
import json
import shutil
from pathlib import Path

import numpy
import safetensors
import safetensors.torch
import tokenizers
import torch
import transformers

here = Path(__file__).parent


def small_llama(folder, dtype, tied, **saving):
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(1)
    config = transformers.LlamaConfig(
        vocab_size=16, hidden_size=8, intermediate_size=12, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=32,
        rope_theta=5000.0, rms_norm_eps=1e-6, tie_word_embeddings=tied,
        bos_token_id=0, eos_token_id=0)
    model = transformers.LlamaForCausalLM(config).to(dtype)
    model.save_pretrained(folder, **saving)
    float32 = {name: value.float() for name, value in model.named_parameters()}
    return {name: {'shape': list(value.shape), 'sum': value.double().sum().item(),
                   'first': value.flatten()[0].item(), 'last': value.flatten()[-1].item()}
            for name, value in float32.items()}


def mixed_types(path):
    """Every type in one file, with a scalar and an empty tensor."""
    bits = torch.tensor([0x0000, 0x8000, 0x3f80, 0x0001, 0x7f7f, 0x7f80, 0xff80, 0x4049],
                        dtype=torch.uint16)
    tensors = {
        'f32': torch.tensor([[1.5, -0.0, 3e-45], [float('inf'), -2.0, 3.4028234e38]]),
        'bf16': bits.view(torch.bfloat16),
        'f16': torch.tensor([1.0, 6e-8, 65504.0, -0.0, float('-inf')], dtype=torch.float16),
        'scalar': torch.tensor(7.25),
        'empty': torch.zeros(0, 3),
        'i64': torch.arange(3),
    }
    safetensors.torch.save_file(tensors, path, metadata={'format': 'pt', 'note': 'a "note"'})
    floats = {name: value.float() for name, value in tensors.items() if name != 'i64'}
    return {name: {'shape': list(value.shape),
                   'bits': value.flatten().view(torch.int32).numpy().view('uint32').tolist()}
            for name, value in floats.items()}


def all_values(kind):
    """SHA-256 of the float32 bytes of all 65,536 values, every NaN as 0x7fc00000."""
    values = torch.arange(65536, dtype=torch.int32).to(torch.uint16).view(kind).float().numpy()
    bits = values.view('uint32').copy()
    bits[numpy.isnan(values)] = 0x7fc00000
    return hashlib.sha256(bits.astype('<u4').tobytes()).hexdigest()


def tokenizer(path):
    """A byte-level BPE whose token 0 ends a document."""
    tok = tokenizers.Tokenizer(tokenizers.models.BPE())
    tok.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300, special_tokens=['<|endoftext|>'], show_progress=False,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet())
    tok.train_from_iterator(['the theory of the thing, then and there, that they think'] * 9, trainer)
    tok.save(str(path))


if __name__ == '__main__':
    expected = {
        'versions': {module.__name__: module.__version__
                     for module in (torch, transformers, safetensors, tokenizers, numpy)},
        'llama': small_llama(here / 'llama', torch.float32, False),
        'sharded': small_llama(here / 'sharded', torch.bfloat16, True, max_shard_size='1KB'),
        'mixed': mixed_types(here / 'mixed.safetensors'),
        'allFloat16': all_values(torch.float16),
        'allBfloat16': all_values(torch.bfloat16),
    }
    tokenizer(here / 'tokenizer.json')
    (here / 'expected.json').write_text(json.dumps(expected, indent=1) + '\n')
