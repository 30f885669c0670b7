"""Writes tiny random models of every architecture, and what transformers computes with them.

pip install torch transformers, then: python make.py

Each folder holds config.json and model.safetensors as save_pretrained writes them; expected.json
beside them holds logits, losses and gradients in float32 (float64 sums).
"""

import json
import shutil
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM

torch.set_num_threads(1)

TIME, BATCH = 12, 2
LLAMA = dict(
    vocab_size=48,
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=20,
    max_position_embeddings=64,
)
SHAPES = {
    'llama-2': ('llama', dict(LLAMA, num_key_value_heads=4, rms_norm_eps=1e-5)),
    'llama-3-rope-llama3': (
        'llama',
        dict(
            LLAMA,
            tie_word_embeddings=True,
            rope_parameters=dict(
                rope_type='llama3',
                rope_theta=500000.0,
                factor=8.0,
                low_freq_factor=1.0,
                high_freq_factor=4.0,
                original_max_position_embeddings=16,
            ),
        ),
    ),
    'llama-rope-linear-biases': (
        'llama',
        dict(
            LLAMA,
            attention_bias=True,
            mlp_bias=True,
            rope_parameters=dict(rope_type='linear', rope_theta=10000.0, factor=4.0),
        ),
    ),
    'mistral-window': ('mistral', dict(LLAMA, head_dim=6, sliding_window=5)),
    'mistral': ('mistral', dict(LLAMA, sliding_window=None)),
    'qwen2': ('qwen2', dict(LLAMA, tie_word_embeddings=True, use_sliding_window=False)),
    'qwen3': ('qwen3', dict(LLAMA, head_dim=10, use_sliding_window=False)),
    'gemma': ('gemma', dict(LLAMA, head_dim=6, num_key_value_heads=1)),
    'gemma2': (
        'gemma2',
        dict(
            LLAMA,
            head_dim=6,
            sliding_window=5,
            query_pre_attn_scalar=10,
            attn_logit_softcapping=3.0,
            final_logit_softcapping=2.0,
        ),
    ),
    'olmo': ('olmo', dict(LLAMA, clip_qkv=0.3)),
    'olmo2': ('olmo2', dict(LLAMA)),
    'gpt-neox': (
        'gpt_neox',
        dict(
            vocab_size=48,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=24,
            rotary_pct=0.25,
            max_position_embeddings=64,
            use_parallel_residual=True,
        ),
    ),
    'gpt-neox-sequential': (
        'gpt_neox',
        dict(
            vocab_size=48,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=24,
            rotary_pct=1.0,
            max_position_embeddings=64,
            use_parallel_residual=False,
            tie_word_embeddings=True,
        ),
    ),
    'gpt2': (
        'gpt2', dict(vocab_size=48, n_embd=16, n_layer=2, n_head=2, n_positions=64)
    ),
}


def numbers(tensor):
    return [float(f'{value:.8g}') for value in tensor.detach().flatten().tolist()]


def build(kind, options, dtype):
    config = AutoConfig.for_model(kind, **options)
    # An embedding for padding would get no gradient.
    config.pad_token_id = None
    config._attn_implementation = 'eager'
    model = AutoModelForCausalLM.from_config(config, attn_implementation='eager').float().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_norm = 'norm' in name or 'ln_' in name
            base = 1.0 if is_norm and name.endswith('weight') and 'gemma' not in kind else 0.0
            parameter.copy_(base + 0.2 * torch.randn_like(parameter))
    return model.to(dtype).float() if dtype else model


def main():
    here = Path(__file__).parent
    expected = {
        'versions': {m.__name__: str(m.__version__) for m in (torch, transformers)},
        'time': TIME,
        'models': {},
    }
    for index, (name, (kind, options)) in enumerate(SHAPES.items()):
        torch.manual_seed(index)
        dtype = {'qwen2': torch.bfloat16, 'gpt-neox': torch.float16}.get(name)
        model = build(kind, options, dtype)
        folder = here / name
        shutil.rmtree(folder, ignore_errors=True)
        (model.to(dtype) if dtype else model).save_pretrained(folder)
        (folder / 'generation_config.json').unlink(missing_ok=True)
        loaded = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation='eager'
        ).eval()
        rows = torch.randint(0, 48, (BATCH, TIME + 1))
        logits = loaded(rows[:, :-1]).logits
        losses = torch.nn.functional.cross_entropy(
            logits.reshape(-1, logits.shape[-1]), rows[:, 1:].reshape(-1), reduction='none'
        )
        losses.mean().backward()
        expected['models'][name] = {
            'kind': kind,
            'rows': rows.flatten().tolist(),
            'logits': numbers(logits[-1]),
            'losses': numbers(losses),
            # The loss that transformers itself gives for each row.
            'ownLosses': [
                float(loaded(row[None], labels=row[None]).loss.detach()) for row in rows
            ],
            'gradients': {
                # transformers 5 calls NeoX's head lm_head in memory and embed_out in files.
                (key.replace('lm_head', 'embed_out') if kind == 'gpt_neox' else key): {
                    'norm': float(value.grad.double().norm()),
                    'first': numbers(value.grad.flatten()[:6]),
                }
                for key, value in loaded.named_parameters()
            },
        }
    (here / 'expected.json').write_text(json.dumps(expected) + '\n')
    print('written by transformers', transformers.__version__)


main()
