/** What two configurations disagree on: what changes the computing, and what does not. */
import type { LineageDifference } from '#shared/modelInspection'

type Config = Readonly<Record<string, unknown>>
type Difference = Omit<LineageDifference, 'model' | 'reference'>

/** Say how a model was stored or trained, or how its outputs are handed on: no merge depends on it. */
const OF_NO_MATTER = new Set([
  'torch_dtype',
  'dtype',
  'transformers_version',
  '_name_or_path',
  'architectures',
  'use_cache',
  'initializer_range',
  'pretraining_tp',
  'attention_dropout',
  'hidden_dropout',
  'attn_pdrop',
  'embd_pdrop',
  'resid_pdrop',
  'output_attentions',
  'output_hidden_states',
  'output_router_logits',
  'return_dict',
  'auto_map',
  '_attn_implementation',
  'quantization_config',
  'unsloth_version',
  'unsloth_fixed'
])

/** May be set anew by whoever tunes a model; worth a word. */
const WORTH_A_WORD = new Set([
  'bos_token_id',
  'eos_token_id',
  'pad_token_id',
  'max_position_embeddings',
  'max_length',
  'task_specific_params',
  'finetuning_task',
  'id2label',
  'label2id'
])

/**
 * Compares two configurations, key by key.
 *
 * Older and newer spellings are one thing (`rope_theta`, `rope_parameters`), and a key that is left
 * out is what transformers takes in its place where that is plain: `false`, 0, null, one key-value
 * head per head.
 */
export function configDifferences(
  reference: Config,
  other: Config
): { prohibiting: Difference[]; harmless: Difference[] } {
  const [expected, found] = [normalized(reference), normalized(other)]
  const prohibiting: Difference[] = []
  const harmless: Difference[] = []
  for (const key of [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort()) {
    if (OF_NO_MATTER.has(key)) continue
    // Left out it means what the family's default is, which one may write and the other not.
    const isTied = [expected[key], found[key]].every((value) => value !== false)
    if (key === 'tie_word_embeddings' && isTied) continue
    const [a, b] = [shown(expected[key]), shown(found[key])]
    if (a === b) continue
    const kind = key === 'model_type' ? 'architecture' : 'config'
    const difference = { kind, subject: key, expected: a, found: b } as const
    if (WORTH_A_WORD.has(key)) harmless.push(difference)
    else prohibiting.push(difference)
  }
  return { prohibiting, harmless }
}

function normalized(config: Config): Record<string, unknown> {
  const {
    rope_parameters: parameters,
    rope_scaling: scaling,
    rope_theta: theta,
    ...rest
  } = config as Record<string, unknown>
  const rope = { ...objectOf(scaling), ...objectOf(parameters) }
  const { type, rope_type: ropeType, rope_theta: ropeTheta, ...ropeRest } = rope
  const heads = rest['num_attention_heads']
  const size = rest['hidden_size']
  const headSize = typeof size === 'number' && typeof heads === 'number' ? size / heads : undefined
  return {
    ...rest,
    num_key_value_heads: rest['num_key_value_heads'] ?? heads,
    head_dim: rest['head_dim'] ?? headSize,
    'rope type': ropeType ?? type ?? 'default',
    'rope theta': ropeTheta ?? theta ?? 10000,
    'rope parameters': Object.keys(ropeRest).length > 0 ? ropeRest : undefined
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** A value as text; what is left out, null, false and 0 are one. */
function shown(value: unknown): string {
  if (value === undefined || value === null || value === false || value === 0) return 'unset'
  if (Array.isArray(value)) return JSON.stringify(value)
  if (typeof value !== 'object') return JSON.stringify(value)
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(Object.fromEntries(sorted))
}
