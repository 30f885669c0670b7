"""Makes the models that the tests of src/engine/merging read, and mergekit's merges of them.

    python make.py        # mergekit 0.1.5, torch, transformers, safetensors

Every configuration in configurations/ is given to mergekit as it is; its result stands in expected/.
What DARE and DELLA draw cannot agree between two generators: masks.json has mergekit's own masks with
what it made of them, so that all but the drawing is held to it.
"""
import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path

import safetensors.torch
import torch
import transformers
import yaml
from mergekit import sparsify
from mergekit.config import MergeConfiguration
from mergekit.merge import run_merge
from mergekit.merge_methods.base import TensorGroup
from mergekit.merge_methods.registry import get
from mergekit.options import MergeOptions

here = Path(__file__).parent
os.chdir(here)

CONFIGURATIONS = {
    'linear-uniform': {'merge_method': 'linear', 'models': ['a', 'b', 'c'], 'each': {'weight': 1.0}},
    'linear-weighted': {'merge_method': 'linear',
                        'models': {'a': {'weight': 0.7}, 'b': {'weight': 0.2}, 'c': {'weight': 2.5}}},
    'linear-sum': {'merge_method': 'linear', 'parameters': {'normalize': False},
                   'models': {'a': {'weight': 0.7}, 'b': {'weight': -0.25}}},
    'linear-filters': {'merge_method': 'linear', 'models': {
        'a': {'weight': [{'filter': 'mlp', 'value': 0.9}, {'value': 0.5}]},
        'b': {'weight': [{'filter': 'embed_tokens', 'value': 3}, {'filter': 'layers.1.', 'value': 0.1},
                         {'filter': '*', 'value': 0.4}]}}},
    'linear-bfloat16': {'merge_method': 'linear', 'dtype': 'bfloat16',
                        'models': {'a-bf16': {'weight': 0.3}, 'b-bf16': {'weight': 0.5}}},
    'linear-to-bfloat16': {'merge_method': 'linear', 'out_dtype': 'bfloat16',
                           'models': {'a': {'weight': 0.3}, 'b': {'weight': 0.5}}},
    'linear-to-float16': {'merge_method': 'linear', 'out_dtype': 'float16',
                          'models': {'a': {'weight': 0.3}, 'b-bf16': {'weight': 0.5}}},
    'task-arithmetic': {'merge_method': 'task_arithmetic', 'base_model': 'base',
                        'parameters': {'lambda': 0.8},
                        'models': {'a': {'weight': 0.6}, 'b': {'weight': 0.5}, 'c': {'weight': -0.3}}},
    'task-arithmetic-normalized': {'merge_method': 'task_arithmetic', 'base_model': 'base',
                                   'parameters': {'normalize': True},
                                   'models': {'a': {'weight': 0.6}, 'b': {'weight': 0.5}}},
    'slerp': {'merge_method': 'slerp', 'base_model': 'a', 'parameters': {'t': 0.3}, 'models': ['a', 'far']},
    'slerp-filters': {'merge_method': 'slerp', 'base_model': 'far', 'models': ['a', 'far'],
                      'parameters': {'t': [{'filter': 'self_attn', 'value': 0.9}, {'value': 0.25}]}},
    'slerp-gradient': {'merge_method': 'slerp', 'base_model': 'far', 'layers': 3, 'models': ['far', 'a'],
                       'parameters': {'t': [{'filter': 'self_attn', 'value': [0, 0.5, 0.3, 1]},
                                            {'filter': 'mlp', 'value': [1, 0.4]}, {'value': 0.5}]}},
    'linear-gradient': {'merge_method': 'linear', 'models': {'a': {'weight': [0.2, 0.9, 0.4]}, 'b': {'weight': 0.5}}},
    'slerp-near': {'merge_method': 'slerp', 'base_model': 'a', 'parameters': {'t': 0.3}, 'models': ['a', 'b']},
    'nuslerp': {'merge_method': 'nuslerp', 'models': {'a': {'weight': 0.6}, 'far': {'weight': 0.9}}},
    'nuslerp-base': {'merge_method': 'nuslerp', 'base_model': 'base',
                     'models': {'a': {'weight': 0.6}, 'b': {'weight': 0.9}}},
    'nuslerp-rows': {'merge_method': 'nuslerp', 'parameters': {'nuslerp_flatten': False},
                     'models': {'a': {'weight': 0.6}, 'far': {'weight': 0.9}}},
    'multislerp': {'merge_method': 'multislerp',
                   'models': {'a': {'weight': 0.6}, 'b': {'weight': 0.9}, 'far': {'weight': 0.4}}},
    'multislerp-base': {'merge_method': 'multislerp', 'base_model': 'base', 'parameters': {
        'normalize_weights': False},
        'models': {'a': {'weight': 0.6}, 'b': {'weight': 0.9}, 'c': {'weight': 0.4}}},
    'karcher': {'merge_method': 'karcher', 'models': ['a', 'b', 'far']},
    'model-stock': {'merge_method': 'model_stock', 'base_model': 'base', 'models': ['a', 'b', 'c']},
    'model-stock-rows': {'merge_method': 'model_stock', 'base_model': 'base',
                         'parameters': {'filter_wise': True}, 'models': ['a', 'b', 'c']},
    'ties': {'merge_method': 'ties', 'base_model': 'base', 'models': {
        'a': {'weight': 1.0, 'density': 0.5}, 'b': {'weight': 0.5, 'density': 0.3},
        'c': {'weight': 0.8, 'density': 0.9}}},
    'ties-all': {'merge_method': 'ties', 'base_model': 'base',
                 'parameters': {'normalize': False, 'lambda': 0.7, 'int8_mask': True, 'weight': 0.5},
                 'models': ['a', 'b', 'c']},
    'ties-rescaled': {'merge_method': 'ties', 'base_model': 'base',
                      'parameters': {'rescale': True, 'density': 0.4},
                      'models': {'a': {'weight': 1.0}, 'b': {'weight': -0.5}}},
}


def written(configuration):
    """The short forms above as mergekit has them."""
    full = dict(configuration)
    layers = full.pop('layers', None)
    each = full.pop('each', None)
    named = full['models']
    if isinstance(named, list):
        named = {name: each for name in named}
    full['models'] = [{'model': f'models/{name}', **({'parameters': parameters} if parameters else {})}
                      for name, parameters in named.items()]
    if layers:
        sources = [{**model, 'layer_range': [0, layers]} for model in full.pop('models')]
        full['slices'] = [{'sources': sources}]
    if 'base_model' in full:
        full['base_model'] = f"models/{full['base_model']}"
    return full


def make_models():
    shutil.rmtree('models', ignore_errors=True)
    torch.manual_seed(1)
    config = transformers.LlamaConfig(
        vocab_size=16, hidden_size=8, intermediate_size=12, num_hidden_layers=3,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=32,
        tie_word_embeddings=False, bos_token_id=0, eos_token_id=0)
    base = transformers.LlamaForCausalLM(config)

    def save(name, step, dtype=torch.float32):
        model = transformers.LlamaForCausalLM(config)
        with torch.no_grad():
            for (_, own), (_, shared) in zip(model.named_parameters(), base.named_parameters()):
                own.copy_(shared + step * torch.randn_like(shared))
        model.to(dtype).save_pretrained(f'models/{name}')
        os.remove(f'models/{name}/generation_config.json')

    save('base', 0.0)
    for name in 'abc':
        save(name, 0.01)
    save('far', 1.0)
    for name in 'ab':
        model = transformers.AutoModelForCausalLM.from_pretrained(f'models/{name}', dtype=torch.float32)
        model.to(torch.bfloat16).save_pretrained(f'models/{name}-bf16')
        os.remove(f'models/{name}-bf16/generation_config.json')


def make_merges():
    for folder in ('configurations', 'expected'):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
    for name, short in CONFIGURATIONS.items():
        text = yaml.safe_dump(written(short), sort_keys=False)
        Path(f'configurations/{name}.yaml').write_text(text)
        run_merge(MergeConfiguration.model_validate(yaml.safe_load(text)), '/tmp/mergekit-out',
                  MergeOptions(copy_tokenizer=False, write_model_card=False, quiet=True))
        shutil.copy('/tmp/mergekit-out/model.safetensors', f'expected/{name}.safetensors')
        shutil.rmtree('/tmp/mergekit-out')


def make_masks():
    """One tensor of three models through DARE and DELLA, with the masks that torch drew."""
    torch.manual_seed(7)
    base = torch.randn(6, 10)
    models = [base + 0.1 * torch.randn_like(base) for _ in range(3)]
    cases = []
    for method, more in (('dare_linear', {}), ('dare_ties', {}), ('della', {'epsilon': 0.2}),
                         ('della_linear', {'epsilon': 0.1})):
        drawn = []
        real = torch.bernoulli

        def recorded(probabilities):
            mask = real(probabilities)
            drawn.append({'probabilities': probabilities.flatten().tolist(),
                          'mask': mask.flatten().int().tolist()})
            return mask

        kernel = get(method)
        group = TensorGroup.from_tensors([base, *models], base_index=0)
        weights, densities = [0.9, 0.4, -0.3], [0.5, 0.7, 0.4]
        defaults = {p.name: p.default for p in kernel.spec.parameters if not p.required}
        per_model = lambda values: dict(zip((1, 2, 3), values))
        parameters = {**defaults, 'weight': per_model(weights), 'density': per_model(densities),
                      'lambda': 1.5}
        if more:
            parameters['epsilon'] = per_model([more['epsilon']] * 3)
        try:
            torch.bernoulli = recorded
            result = kernel.merge_group(group, **parameters)
        finally:
            torch.bernoulli = real
        cases.append({'method': method, **more, 'weights': weights, 'densities': densities,
                      'lambda': 1.5, 'normalize': defaults['normalize'], 'drawn': drawn,
                      'result': result.flatten().tolist()})
    trimmed = [{'density': density,
                'kept': (sparsify.magnitude(models[0] - base, density) != 0).flatten().int().tolist()}
               for density in (0.0, 0.001, 0.3, 0.5, 0.99, 1.0)]
    return {'shape': [6, 10], 'base': base.flatten().tolist(),
            'models': [model.flatten().tolist() for model in models],
            'cases': cases, 'trimmed': trimmed}


make_models()
make_merges()
versions = {name: version(name) for name in ('mergekit', 'torch', 'transformers', 'safetensors')}
Path('masks.json').write_text(json.dumps({'versions': versions, **make_masks()}) + '\n')
