import { createHash } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBfloat16, decodeFloat16 } from '#engine/checkpoints/halfPrecision'
import { openSafetensors, writeSafetensors } from '#engine/checkpoints/safetensors'
import { sourceOf } from '#engine/parameters'
import type { ParameterSet } from '#engine/parameters'
import { FolderDraft } from '#engine/storage/files'
import expected from '../../../golden/checkpoints/expected.json'
import { temporaryFolder } from '../../../support/temporaryFolder'

const MIXED = join(import.meta.dirname, '../../../golden/checkpoints/mixed.safetensors')

const bits = (values: Float32Array) => [
  ...new Uint32Array(values.buffer, values.byteOffset, values.length)
]

async function write(tensors: ParameterSet, metadata?: Record<string, string>): Promise<string> {
  const draft = await FolderDraft.begin(join(await temporaryFolder(), 'file'))
  const writer = await draft.create('a.safetensors')
  await writeSafetensors(writer, sourceOf(tensors, 'a'), metadata)
  await writer.close()
  await draft.commit()
  return join(draft.target, 'a.safetensors')
}

/** A file of a header, as it is or as JSON, and some bytes behind it. */
async function hostile(header: unknown, dataBytes = 0, declared?: bigint): Promise<string> {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(declared ?? BigInt(text.length))
  const path = join(await temporaryFolder(), 'hostile.safetensors')
  await writeFile(path, Buffer.concat([prefix, text, Buffer.alloc(dataBytes)]))
  return path
}

test.each(Object.entries(expected.mixed))(
  '%s of a file by Python has its bits',
  async (name, tensor) => {
    const source = await openSafetensors(MIXED)
    expect(source.shapes.get(name)).toEqual(tensor.shape)
    expect(bits(await source.read(name))).toEqual(tensor.bits)
  }
)

test('metadata and types of a file by Python are told', async () => {
  const source = await openSafetensors(MIXED)
  expect(source.metadata).toEqual({ format: 'pt', note: 'a "note"' })
  expect(['f32', 'bf16', 'f16', 'i64'].map((name) => source.dtype(name))).toEqual([
    'F32',
    'BF16',
    'F16',
    'I64'
  ])
})

test.each([
  ['float16', decodeFloat16, expected.allFloat16],
  ['bfloat16', decodeBfloat16, expected.allBfloat16]
])('all 65,536 values of %s decode to the bits of PyTorch', (_, decode, sha256) => {
  const decoded = new Uint32Array(decode(Uint16Array.from({ length: 65536 }, (_, i) => i)).buffer)
  const floats = new Float32Array(decoded.buffer)
  decoded.forEach((_, i) => Number.isNaN(floats[i]) && (decoded[i] = 0x7fc00000))
  expect(createHash('sha256').update(decoded).digest('hex')).toBe(sha256)
})

test('integers are listed and refused when read', async () => {
  const source = await openSafetensors(MIXED)
  await expect(source.read('i64')).rejects.toMatchObject({
    code: 'checkpoint/invalid',
    message: expect.stringContaining('i64 is stored as I64') as string
  })
})

test('what is written is read back, bit for bit, in order, with odd names and no values', async () => {
  const tensor = fc.record({
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
    seed: fc.float32Array({ minLength: 64, maxLength: 64 })
  })
  const tensors = fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), tensor), {
    selector: ([name]) => name,
    maxLength: 5
  })
  await fc.assert(
    fc.asyncProperty(tensors, async (drawn) => {
      const named = drawn.filter(([name]) => name !== '__metadata__')
      const set: ParameterSet = new Map(
        named.map(([name, { shape, seed }]) => {
          const length = shape.reduce((product, one) => product * one, 1)
          return [name, { shape, data: seed.slice(0, length) }]
        })
      )
      const source = await openSafetensors(await write(set))
      for (const [name, { shape, data }] of set) {
        expect(source.shapes.get(name)).toEqual(shape)
        expect(bits(await source.read(name))).toEqual(bits(data))
      }
      const filled = [...set].filter(([, { data }]) => data.length > 0).map(([name]) => name)
      expect([...source.shapes.keys()].filter((name) => filled.includes(name))).toEqual(filled)
    }),
    { numRuns: 25 }
  )
})

test('the header is padded to 8 bytes and says the format transformers asks for', async () => {
  const path = await write(new Map([['w', { shape: [1], data: Float32Array.of(1) }]]), { a: 'b' })
  const file = await readFile(path)
  expect(Number(file.readBigUInt64LE()) % 8).toBe(0)
  expect((await openSafetensors(path)).metadata).toEqual({ format: 'pt', a: 'b' })
})

test('a range of a tensor is that range', async () => {
  const data = Float32Array.from({ length: 100 }, (_, i) => i)
  const source = await openSafetensors(await write(new Map([['w', { shape: [10, 10], data }]])))
  expect([...(await source.read('w', 33, 36))]).toEqual([33, 34, 35])
})

const place = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end]
})

test.each([
  ['no header', '', 0, undefined, 'is not JSON'],
  ['a header larger than the file', '{}', 0, 1n << 40n, 'claims 1099511627776 bytes'],
  ['a header beyond 64 bits of use', '{}', 0, (1n << 64n) - 1n, 'claims 18446744073709551615'],
  ['a header that is a list', '[]', 0, undefined, 'not a JSON object'],
  ['deep nesting', '['.repeat(100_000), 0, undefined, 'is not JSON'],
  ['a tensor of terabytes', { w: place(0, 2 ** 43) }, 4, undefined, 'the file has'],
  [
    'a shape that overflows',
    { w: place(0, 4, [2 ** 40, 2 ** 40, 2 ** 40]) },
    4,
    undefined,
    'needs'
  ],
  ['a negative length', { w: place(0, 4, [-1]) }, 4, undefined, 'the entry of w'],
  ['a fractional length', { w: place(0, 4, [1.5]) }, 4, undefined, 'the entry of w'],
  ['an end before the beginning', { w: place(8, 4, [1]) }, 8, undefined, 'takes -4 bytes'],
  ['an overlap', { a: place(0, 8), b: place(4, 12) }, 12, undefined, 'b begins at byte'],
  ['a gap', { a: place(0, 4), b: place(8, 12) }, 12, undefined, 'b begins at byte'],
  ['bytes that belong to nothing', { a: place(0, 4) }, 8, undefined, 'its tensors end at byte'],
  ['an unknown type', { w: place(0, 4, [1], 'toString') }, 4, undefined, 'unknown type'],
  ['metadata that is no table', { __metadata__: { a: 1 } }, 0, undefined, 'not a table of strings']
])('%s is refused at once', async (_, header, dataBytes, declared, problem) => {
  const path = await hostile(header, dataBytes, declared)
  await expect(openSafetensors(path)).rejects.toMatchObject({
    code: 'checkpoint/invalid',
    details: { path, problem: expect.stringContaining(problem) as string }
  })
})

test.each([0, 7])('a file of %i bytes is refused', async (length) => {
  const path = join(await temporaryFolder(), 'short.safetensors')
  await writeFile(path, Buffer.alloc(length))
  await expect(openSafetensors(path)).rejects.toMatchObject({ code: 'checkpoint/invalid' })
})

test('a file that was cut off is refused', async () => {
  const path = await write(new Map([['w', { shape: [9], data: new Float32Array(9) }]]))
  const whole = await readFile(path)
  await writeFile(path, whole.subarray(0, whole.length - 1))
  await expect(openSafetensors(path)).rejects.toMatchObject({ code: 'checkpoint/invalid' })
})

test('a file that changes after it was opened is not read from', async () => {
  const path = await write(new Map([['w', { shape: [9], data: new Float32Array(9) }]]))
  const source = await openSafetensors(path)
  await writeFile(path, Buffer.alloc((await stat(path)).size + 1))
  await expect(source.read('w')).rejects.toMatchObject({ code: 'checkpoint/invalid' })
})
