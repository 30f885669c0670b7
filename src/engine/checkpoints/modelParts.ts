/** What each tensor of a model is for, by its name in the families that transformers knows. */
import type { ModelBlock } from '#shared/modelInspection'

/** In the order in which they are tried: a norm of attention is a norm. */
const PARTS: [block: ModelBlock, name: RegExp][] = [
  ['other', /(rotary_emb|inv_freq|masked_bias|causal_mask)/],
  ['head', /^(model\.)?(lm_head|embed_out|output|score|classifier)\./],
  ['norms', /(norm|(^|\.)ln_?(\d|f)?(\.|$)|layer_?norm)/i],
  ['embedding', /(embed|(^|\.)w[tp]e\.|tok_embeddings|position_embeddings)/],
  ['attention', /(attn|attention|query_key_value|(^|\.)[qkvo]_proj)/],
  ['feed-forward', /(mlp|feed_?forward|ffn|expert|moe|fc_?(in|out|\d)|(gate|up|down)_proj|dense)/]
]

/** Which part of a model a tensor is; `other` where its name says nothing. */
export function blockOf(name: string): ModelBlock {
  return PARTS.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other'
}

/** Number of the layer that a tensor belongs to; null outside of them. */
export function layerOf(name: string): number | null {
  const [, layer] = /(?:^|\.)(?:layers?|h|blocks?)\.(\d{1,6})\./.exec(name) ?? []
  return layer === undefined ? null : Number(layer)
}
