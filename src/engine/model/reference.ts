/** The decoder again in plain float64 loops: slow, obvious, and the judge of the fast one. */
import type { DecoderConfig } from '#shared/records'
import type { ParameterSet } from '#engine/parameters'
import { headSize } from './shapes'

type Matrix = Float64Array[]

/**
 * The loss of each predicted token of one sequence, in nats.
 *
 * @param parameters by Hugging Face's names
 * @param ids T + 1 ids: all but the last are seen, all but the first predicted
 */
export function referenceLosses(
  config: DecoderConfig,
  parameters: ReadonlyMap<string, { data: ArrayLike<number> }>,
  ids: ArrayLike<number>
): number[] {
  const weight = (name: string) => {
    const parameter = parameters.get(`${name}.weight`)
    if (!parameter) throw new Error(`no parameter ${name}.weight`)
    return parameter.data
  }
  const { hiddenSize, hiddenLayers, vocabularySize, tieEmbeddings } = config
  const embedding = weight('model.embed_tokens')
  let x: Matrix = Array.from({ length: ids.length - 1 }, (_, position) =>
    Float64Array.from({ length: hiddenSize }, (_, c) => embedding[ids[position]! * hiddenSize + c]!)
  )
  for (let layer = 0; layer < hiddenLayers; layer++) {
    const at = (name: string) => weight(`model.layers.${layer}.${name}`)
    const project = (rows: Matrix, name: string) => apply(rows, at(name))
    const normed = normalize(x, at('input_layernorm'), config.rmsNormEpsilon)
    const attended = attend(
      config,
      rotate(config, project(normed, 'self_attn.q_proj')),
      rotate(config, project(normed, 'self_attn.k_proj')),
      project(normed, 'self_attn.v_proj')
    )
    x = sumOf(x, project(attended, 'self_attn.o_proj'))
    const again = normalize(x, at('post_attention_layernorm'), config.rmsNormEpsilon)
    const gate = project(again, 'mlp.gate_proj')
    const product = project(again, 'mlp.up_proj').map((row, t) =>
      row.map((up, f) => (up * gate[t]![f]!) / (1 + Math.exp(-gate[t]![f]!)))
    )
    x = sumOf(x, project(product, 'mlp.down_proj'))
  }
  const head = tieEmbeddings ? embedding : weight('lm_head')
  const logits = apply(normalize(x, weight('model.norm'), config.rmsNormEpsilon), head)
  return logits.map((row, t) => {
    const largest = row.reduce((a, b) => Math.max(a, b))
    let total = 0
    for (let v = 0; v < vocabularySize; v++) total += Math.exp(row[v]! - largest)
    return largest + Math.log(total) - row[ids[t + 1]!]!
  })
}

/** Mean of {@link referenceLosses} over sequences. */
export function referenceLoss(
  config: DecoderConfig,
  parameters: Parameters<typeof referenceLosses>[1],
  sequences: readonly ArrayLike<number>[]
): number {
  const all = sequences.flatMap((ids) => referenceLosses(config, parameters, ids))
  return all.reduce((sum, loss) => sum + loss, 0) / all.length
}

/** The parameters moved by `distance` along a direction, in float64. */
export function movedAlong(
  parameters: ParameterSet,
  direction: ParameterSet,
  distance: number
): Map<string, { data: Float64Array }> {
  return new Map(
    [...parameters].map(([name, { data }]) => {
      const along = direction.get(name)!.data
      return [name, { data: Float64Array.from(data, (one, i) => one + distance * along[i]!) }]
    })
  )
}

/** Rows times a matrix [out, in]. */
function apply(rows: Matrix, matrix: ArrayLike<number>): Matrix {
  return rows.map((row) =>
    Float64Array.from({ length: matrix.length / row.length }, (_, out) => {
      let total = 0
      for (let c = 0; c < row.length; c++) total += row[c]! * matrix[out * row.length + c]!
      return total
    })
  )
}

function sumOf(a: Matrix, b: Matrix): Matrix {
  return a.map((row, t) => row.map((value, c) => value + b[t]![c]!))
}

function normalize(rows: Matrix, weight: ArrayLike<number>, epsilon: number): Matrix {
  return rows.map((row) => {
    const square = row.reduce((sum, value) => sum + value * value, 0) / row.length
    return row.map((value, c) => (value / Math.sqrt(square + epsilon)) * weight[c]!)
  })
}

function rotate(config: DecoderConfig, rows: Matrix): Matrix {
  const width = headSize(config)
  return rows.map((row, position) =>
    row.map((value, c) => {
      const within = c % width
      const pair = within % (width / 2)
      const angle = position * config.ropeTheta ** ((-2 * pair) / width)
      const isFirst = within < width / 2
      const other = row[isFirst ? c + width / 2 : c - width / 2]!
      return value * Math.cos(angle) + (isFirst ? -1 : 1) * other * Math.sin(angle)
    })
  )
}

function attend(config: DecoderConfig, queries: Matrix, keys: Matrix, values: Matrix): Matrix {
  const width = headSize(config)
  const group = config.attentionHeads / config.keyValueHeads
  return queries.map((query, t) => {
    const result = new Float64Array(query.length)
    for (let head = 0; head < config.attentionHeads; head++) {
      const from = Math.floor(head / group) * width
      const scores = keys.slice(0, t + 1).map((key) => {
        let total = 0
        for (let c = 0; c < width; c++) total += query[head * width + c]! * key[from + c]!
        return Math.exp(total / Math.sqrt(width))
      })
      const total = scores.reduce((sum, score) => sum + score, 0)
      scores.forEach((score, s) => {
        for (let c = 0; c < width; c++) {
          result[head * width + c]! += (score / total) * values[s]![from + c]!
        }
      })
    }
    return result
  })
}
