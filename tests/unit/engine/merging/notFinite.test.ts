import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeHeader } from '#engine/checkpoints/safetensors'
import { encodeFloat16 } from '#engine/checkpoints/halfPrecision'
import { FLOAT_BYTES, createCombineKernel } from '#engine/merging/combineKernel'
import type { FloatType } from '#engine/merging/combineKernel'
import { METHOD_RULES } from '#engine/merging/methods'
import { countNotFinite } from '#engine/merging/notFinite'
import { mergeModels } from '#engine/workers/mergeJob'
import type { MergeMethod, MergeRecipe } from '#shared/merging'
import { temporaryFolder } from '../../../support/temporaryFolder'

const TYPES: FloatType[] = ['F32', 'BF16', 'F16']

/** What a stored value's bits stand for, by IEEE 754. */
function isNumber(type: FloatType, bits: number): boolean {
  const exponent = type === 'F32' ? (bits >>> 23) & 255 : type === 'BF16' ? bits >>> 7 : bits >>> 10
  const [most, own] = type === 'F16' ? [31, exponent & 31] : [255, exponent & 255]
  return own !== most
}

const kernel = createCombineKernel(1024, encodeFloat16)

test('any bits are told as IEEE 754 has them, odd counts and what lies behind them too', async () => {
  const bits = fc.oneof(
    fc.integer({ min: 0, max: 0xffff }),
    fc.constantFrom(0x7f80, 0xff80, 0x7f7f, 0x7c00, 0xfc00, 0x7bff, 0x7fc0, 0xffff, 0, 0x8000)
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...TYPES),
      fc.array(bits, { maxLength: 33 }),
      fc.integer({ min: 0, max: 3 }),
      async (type, upper, start) => {
        const width = FLOAT_BYTES[type]
        // NaN all around: it belongs to somebody else.
        const memory = kernel.bytes.subarray(kernel.heapAt, kernel.heapAt + 256).fill(0xff)
        const view = new DataView(memory.buffer, memory.byteOffset)
        const values = upper.map((one) => (type === 'F32' ? (one << 16) >>> 0 : one))
        values.forEach((value, i) => {
          if (width === 4) view.setUint32(4 * start + 4 * i, value, true)
          else view.setUint16(4 * start + 2 * i, value, true)
        })
        const expected = values.filter((value) => !isNumber(type, value)).length
        const at = kernel.heapAt + 4 * start
        expect(kernel.holdsNotFinite(type, at, values.length)).toBe(expected > 0)
        const stored = {
          dtype: type,
          readInto: (bytes: Uint8Array, from: number) => {
            bytes.set(memory.subarray(4 * start + from * width).subarray(0, bytes.length))
            return Promise.resolve()
          }
        }
        expect(await countNotFinite(stored, values.length)).toBe(expected)
      }
    )
  )
})

async function writeModel(folder: string, values: Float32Array): Promise<string> {
  await mkdir(folder)
  const layout = [
    { name: 'first', dtype: 'F32', shape: [4], bytes: 16 },
    { name: 'long', dtype: 'F32', shape: [3, values.length / 3], bytes: values.byteLength }
  ]
  await writeFile(join(folder, 'config.json'), '{"model_type": "anything"}')
  await writeFile(
    join(folder, 'model.safetensors'),
    Buffer.concat([
      encodeHeader(layout, {}),
      Buffer.from(Float32Array.of(1, 2, 3, 4).buffer),
      Buffer.from(values.buffer)
    ])
  )
  return folder
}

const waves = (pace: number) => Float32Array.from({ length: 300_003 }, (_, i) => Math.sin(i * pace))

test.each(Object.keys(METHOD_RULES) as MergeMethod[])(
  '%s refuses a model with NaN and infinity, says where and how many, and leaves nothing',
  async (method) => {
    const place = await temporaryFolder()
    const broken = waves(0.7)
    broken[299_000] = NaN
    broken[299_999] = -Infinity
    const folders = {
      base: await writeModel(join(place, 'base'), waves(0.1)),
      a: await writeModel(join(place, 'a'), waves(0.3)),
      b: await writeModel(join(place, 'b'), broken)
    }
    const all = (value: number) => [{ filter: null, value }]
    const { base } = METHOD_RULES[method]
    const isPair = method === 'slerp'
    const recipe: MergeRecipe = {
      method,
      base: base === 'unused' ? null : folders.base,
      models: (isPair ? [folders.b] : [folders.a, folders.b]).map((folder) => ({
        folder,
        settings: 'weight' in METHOD_RULES[method].perModel ? { weight: all(1) } : {}
      })),
      settings: isPair ? { t: all(0.5) } : {},
      dtype: null,
      randomSeed: 1
    }
    const hooks = { signal: new AbortController().signal, onProgress: () => undefined }
    const job = { recipe, folder: join(place, 'merged'), shardBytes: Infinity }
    await expect(mergeModels(job, hooks)).rejects.toMatchObject({
      code: 'checkpoint/invalid',
      message: expect.stringContaining(
        `long of ${folders.b} holds NaN or infinity in 2 of 300003 values`
      ) as string,
      details: { model: folders.b, tensor: 'long', count: 2 }
    })
    expect((await readdir(place)).sort()).toEqual(['a', 'b', 'base'])
  }
)
