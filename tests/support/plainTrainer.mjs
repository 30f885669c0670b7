/**
 * A Llama trained in plain JavaScript, in float64 and with gradients by a tape: shares no line with Assay's own
 * trainer, and knows of Assay only what docs/trainer.md says.
 *
 *     node plainTrainer.mjs TOKENS INIT RECIPE OUT
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [tokens = '', init = '', recipePath = '', out = ''] = process.argv.slice(2)
const json = (/** @type {string} */ path) => JSON.parse(readFileSync(path, 'utf8'))
const recipe = json(recipePath)
const config = json(join(init, 'config.json'))

/**
 * @typedef {{ rows: number, width: number, value: Float64Array, slope: Float64Array }} Matrix
 * @typedef {{ shape: number[], data_offsets: [number, number], dtype: string }} Stored
 */

/** @returns {Matrix} */
const matrix = (
  /** @type {number} */ rows,
  /** @type {number} */ width,
  value = new Float64Array(rows * width)
) => ({
  rows,
  width,
  value,
  slope: new Float64Array(rows * width)
})

/** @param {string} path */
function readSafetensors(path) {
  const bytes = readFileSync(path)
  const length = Number(bytes.readBigUInt64LE(0))
  const { __metadata__: metadata = {}, ...header } = parsed(
    bytes.subarray(8, 8 + length).toString()
  )
  const tensors = Object.entries(/** @type {Record<string, Stored>} */ (header)).map(
    ([
      name,
      {
        shape,
        data_offsets: [from, to]
      }
    ]) => {
      const data = new Float32Array(
        new Uint8Array(bytes.subarray(8 + length + from, 8 + length + to)).buffer
      )
      return /** @type {const} */ ([name, { shape, data: Float64Array.from(data) }])
    }
  )
  return { metadata, tensors: new Map(tensors) }
}
const parsed = (/** @type {string} */ text) => JSON.parse(text)

/** @param {string} path */
function writeSafetensors(
  path,
  /** @type {Map<string, { shape: number[], data: Float64Array }>} */ tensors,
  metadata = {}
) {
  let at = 0
  const entries = [...tensors].map(([name, { shape, data }]) => {
    const from = at
    at += 4 * data.length
    return [name, { dtype: 'F32', shape, data_offsets: [from, at] }]
  })
  const text = JSON.stringify({
    __metadata__: { format: 'pt', ...metadata },
    ...Object.fromEntries(entries)
  })
  const head = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(head.length))
  const body = [...tensors.values()].map(({ data }) => Buffer.from(Float32Array.from(data).buffer))
  writeFileSync(path, Buffer.concat([size, head, ...body]))
}

// ── the model ────────────────────────────────────────────────────────────────────────────────

const stored = readSafetensors(join(init, 'model.safetensors')).tensors
const parameters = new Map(
  [...stored].map(([name, { shape, data }]) => [name, matrix(shape[0] ?? 1, shape[1] ?? 1, data)])
)
const weight = (/** @type {string} */ name) => {
  const found = parameters.get(`${name}.weight`)
  if (!found) throw new Error(`no ${name}`)
  return found
}

/** @type {(() => void)[]} what gives slopes back, last first */
let tape = []

/** y = x · wᵀ */
function linear(/** @type {Matrix} */ x, /** @type {Matrix} */ w) {
  const y = matrix(x.rows, w.rows)
  for (let r = 0; r < x.rows; r++)
    for (let o = 0; o < w.rows; o++) {
      let sum = 0
      for (let i = 0; i < x.width; i++) sum += x.value[r * x.width + i] * w.value[o * x.width + i]
      y.value[r * w.rows + o] = sum
    }
  tape.push(() => {
    for (let r = 0; r < x.rows; r++)
      for (let o = 0; o < w.rows; o++) {
        const slope = y.slope[r * w.rows + o]
        if (slope === 0) continue
        for (let i = 0; i < x.width; i++) {
          x.slope[r * x.width + i] += slope * w.value[o * x.width + i]
          w.slope[o * x.width + i] += slope * x.value[r * x.width + i]
        }
      }
  })
  return y
}

function norm(/** @type {Matrix} */ x, /** @type {Matrix} */ w) {
  const y = matrix(x.rows, x.width)
  const scales = new Float64Array(x.rows)
  for (let r = 0; r < x.rows; r++) {
    let sum = 0
    for (let i = 0; i < x.width; i++) sum += x.value[r * x.width + i] ** 2
    scales[r] = 1 / Math.sqrt(sum / x.width + config.rms_norm_eps)
    for (let i = 0; i < x.width; i++)
      y.value[r * x.width + i] = x.value[r * x.width + i] * scales[r] * w.value[i]
  }
  tape.push(() => {
    for (let r = 0; r < x.rows; r++) {
      let dot = 0
      for (let i = 0; i < x.width; i++) {
        const at = r * x.width + i
        dot += y.slope[at] * w.value[i] * x.value[at]
        w.slope[i] += y.slope[at] * x.value[at] * scales[r]
      }
      for (let i = 0; i < x.width; i++) {
        const at = r * x.width + i
        x.slope[at] +=
          scales[r] * y.slope[at] * w.value[i] - (x.value[at] * dot * scales[r] ** 3) / x.width
      }
    }
  })
  return y
}

/** Turns pairs of the two halves of every head by the angle of their place. */
function rotary(/** @type {Matrix} */ x, /** @type {number} */ size) {
  const y = matrix(x.rows, x.width)
  const half = size / 2
  const turn = (
    /** @type {Float64Array} */ from,
    /** @type {Float64Array} */ to,
    /** @type {1 | -1} */ way
  ) => {
    for (let r = 0; r < x.rows; r++)
      for (let h = 0; h < x.width; h += size)
        for (let i = 0; i < half; i++) {
          const angle = r * config.rope_theta ** ((-2 * i) / size)
          const [c, s] = [Math.cos(angle), way * Math.sin(angle)]
          const [a, b] = [r * x.width + h + i, r * x.width + h + i + half]
          to[a] += from[a] * c - from[b] * s
          to[b] += from[b] * c + from[a] * s
        }
  }
  turn(x.value, y.value, 1)
  tape.push(() => turn(y.slope, x.slope, -1))
  return y
}

function attention(
  /** @type {Matrix} */ q,
  /** @type {Matrix} */ k,
  /** @type {Matrix} */ v,
  /** @type {number} */ size
) {
  const y = matrix(q.rows, q.width)
  const heads = q.width / size
  const share = heads / (k.width / size)
  const scale = 1 / Math.sqrt(size)
  for (let h = 0; h < heads; h++) {
    const [qh, kh] = [h * size, Math.floor(h / share) * size]
    for (let r = 0; r < q.rows; r++) {
      const scores = new Float64Array(r + 1)
      for (let c = 0; c <= r; c++)
        for (let i = 0; i < size; i++)
          scores[c] += scale * q.value[r * q.width + qh + i] * k.value[c * k.width + kh + i]
      const top = Math.max(...scores)
      const odds = scores.map((score) => Math.exp(score - top))
      const total = odds.reduce((a, b) => a + b, 0)
      const shares = odds.map((one) => one / total)
      for (let c = 0; c <= r; c++)
        for (let i = 0; i < size; i++)
          y.value[r * q.width + qh + i] += shares[c] * v.value[c * v.width + kh + i]
      tape.push(() => {
        const slopes = new Float64Array(r + 1)
        for (let c = 0; c <= r; c++)
          for (let i = 0; i < size; i++) {
            const slope = y.slope[r * q.width + qh + i]
            slopes[c] += slope * v.value[c * v.width + kh + i]
            v.slope[c * v.width + kh + i] += slope * shares[c]
          }
        const mean = slopes.reduce((sum, one, c) => sum + one * shares[c], 0)
        for (let c = 0; c <= r; c++)
          for (let i = 0; i < size; i++) {
            const slope = scale * shares[c] * (slopes[c] - mean)
            q.slope[r * q.width + qh + i] += slope * k.value[c * k.width + kh + i]
            k.slope[c * k.width + kh + i] += slope * q.value[r * q.width + qh + i]
          }
      })
    }
  }
  return y
}

function gated(/** @type {Matrix} */ gate, /** @type {Matrix} */ up) {
  const sigmoid = gate.value.map((x) => 1 / (1 + Math.exp(-x)))
  const y = matrix(
    gate.rows,
    gate.width,
    gate.value.map((x, i) => x * sigmoid[i] * up.value[i])
  )
  tape.push(() => {
    y.slope.forEach((slope, i) => {
      const [x, s] = [gate.value[i], sigmoid[i]]
      up.slope[i] += slope * x * s
      gate.slope[i] += slope * up.value[i] * s * (1 + x * (1 - s))
    })
  })
  return y
}

function plus(/** @type {Matrix} */ a, /** @type {Matrix} */ b) {
  const y = matrix(
    a.rows,
    a.width,
    a.value.map((x, i) => x + b.value[i])
  )
  tape.push(() => {
    y.slope.forEach((slope, i) => {
      a.slope[i] += slope
      b.slope[i] += slope
    })
  })
  return y
}

/** Adds a sequence's slopes, and returns the sum of its losses. */
function lossOf(/** @type {number[]} */ ids, /** @type {number} */ scale) {
  tape = []
  const [inputs, targets] = [ids.slice(0, -1), ids.slice(1)]
  const embedding = weight('model.embed_tokens')
  let x = matrix(inputs.length, embedding.width)
  const first = x
  inputs.forEach((id, r) =>
    x.value.set(embedding.value.subarray(id * x.width, (id + 1) * x.width), r * x.width)
  )
  tape.push(() => {
    inputs.forEach((id, r) => {
      for (let i = 0; i < first.width; i++)
        embedding.slope[id * first.width + i] += first.slope[r * first.width + i]
    })
  })
  const size = config.hidden_size / config.num_attention_heads
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const own = (/** @type {string} */ name) => weight(`model.layers.${layer}.${name}`)
    const seen = norm(x, own('input_layernorm'))
    const [q, k, v] = ['q', 'k', 'v'].map((one) => linear(seen, own(`self_attn.${one}_proj`)))
    const mixed = attention(rotary(q, size), rotary(k, size), v, size)
    x = plus(x, linear(mixed, own('self_attn.o_proj')))
    const read = norm(x, own('post_attention_layernorm'))
    const wide = gated(linear(read, own('mlp.gate_proj')), linear(read, own('mlp.up_proj')))
    x = plus(x, linear(wide, own('mlp.down_proj')))
  }
  const head = config.tie_word_embeddings ? embedding : weight('lm_head')
  const logits = linear(norm(x, weight('model.norm')), head)
  let nats = 0
  targets.forEach((target, r) => {
    const row = logits.value.subarray(r * logits.width, (r + 1) * logits.width)
    const top = Math.max(...row)
    const total = row.reduce((sum, one) => sum + Math.exp(one - top), 0)
    nats += Math.log(total) + top - row[target]
    row.forEach((one, i) => {
      logits.slope[r * logits.width + i] =
        scale * (Math.exp(one - top) / total - (i === target ? 1 : 0))
    })
  })
  for (const back of tape.reverse()) back()
  return nats
}

// ── training ─────────────────────────────────────────────────────────────────────────────────

/** @param {string} path */
function readNpy(path) {
  const bytes = readFileSync(path)
  const start = 10 + bytes.readUInt16LE(8)
  const header = bytes.subarray(10, start).toString('latin1')
  const [, rows, width] = /'shape': \((\d+), (\d+),?\)/.exec(header)?.map(Number) ?? []
  const size = header.includes("'<u4'") ? 4 : 2
  const read = (/** @type {number} */ at) =>
    size === 4 ? bytes.readUInt32LE(at) : bytes.readUInt16LE(at)
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: width }, (_, i) => read(start + size * (r * width + i)))
  )
}

const rows = recipe.tokens.shards.flatMap((/** @type {{ file: string }} */ { file }) =>
  readNpy(join(tokens, file))
)
const { beta1, beta2, epsilon, weightDecay, gradientClip } = recipe.optimizer
const moments = recipe.start.moments ? readSafetensors(join(init, 'optimizer.safetensors')) : null
const before = Number(moments?.metadata['optimizer_steps'] ?? 0)
const momentOf = (/** @type {string} */ kind, /** @type {string} */ name) =>
  moments?.tensors.get(`${kind}.${name}`)?.data ??
  new Float64Array(parameters.get(name)?.value.length ?? 0)
const state = new Map(
  [...parameters.keys()].map((name) => [
    name,
    [momentOf('exp_avg', name), momentOf('exp_avg_sq', name)]
  ])
)

console.log('assay device="plain JavaScript"')
for (let step = 0; step < recipe.steps; step++) {
  const batch = rows.slice(step * recipe.batchSize, (step + 1) * recipe.batchSize)
  for (const { slope } of parameters.values()) slope.fill(0)
  const scale = 1 / (recipe.batchSize * recipe.contextLength)
  const loss =
    scale *
    batch.reduce(
      (/** @type {number} */ sum, /** @type {number[]} */ ids) => sum + lossOf(ids, scale),
      0
    )
  let squares = 0
  for (const { slope } of parameters.values()) for (const one of slope) squares += one * one
  const length = Math.sqrt(squares)
  const clip = gradientClip === null ? 1 : Math.min(1, gradientClip / (length + 1e-6))
  const rate = recipe.schedule.learningRates[step]
  const update = before + step + 1
  for (const [name, { value, slope }] of parameters) {
    const [first, second] = /** @type {Float64Array[]} */ (state.get(name))
    for (let i = 0; i < value.length; i++) {
      const gradient = slope[i] * clip
      first[i] = beta1 * first[i] + (1 - beta1) * gradient
      second[i] = beta2 * second[i] + (1 - beta2) * gradient ** 2
      const direction =
        first[i] / (1 - beta1 ** update) / (Math.sqrt(second[i] / (1 - beta2 ** update)) + epsilon)
      value[i] -= rate * (weightDecay * value[i] + direction)
    }
  }
  console.log(`assay step=${step + 1} loss=${loss} learning_rate=${rate} gradient_norm=${length}`)
}

cpSync(init, out, { recursive: true })
const shapeOf = (/** @type {string} */ name) => stored.get(name)?.shape ?? []
writeSafetensors(
  join(out, 'model.safetensors'),
  new Map([...parameters].map(([name, { value }]) => [name, { shape: shapeOf(name), data: value }]))
)
const kept = new Map()
for (const [name, [first, second]] of state) {
  kept.set(`exp_avg.${name}`, { shape: shapeOf(name), data: first })
  kept.set(`exp_avg_sq.${name}`, { shape: shapeOf(name), data: second })
}
writeSafetensors(join(out, 'optimizer.safetensors'), kept, {
  optimizer_steps: String(before + recipe.steps)
})
