import { execFileSync } from 'node:child_process'
import { cp, mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openCheckpoint } from '#engine/checkpoints/huggingFace'
import { readTokenizer, tokenizerProblem } from '#engine/checkpoints/tokenizerIdentity'
import { openModelWeights } from '#engine/checkpoints/modelWeights'
import { openSafetensors } from '#engine/checkpoints/safetensors'
import { toPlain } from '#shared/errors'
import { writeOurs } from '../../../golden/checkpoints/ours'
import { temporaryFolder } from '../../../support/temporaryFolder'

const GOLDEN = join(import.meta.dirname, '../../../golden/checkpoints')
const INDEX = 'model.safetensors.index.json'

async function copied(name: 'llama' | 'sharded'): Promise<string> {
  const folder = join(await temporaryFolder(), name)
  await cp(join(GOLDEN, name), folder, { recursive: true })
  return folder
}

async function edit(path: string, by: (raw: Record<string, unknown>) => void): Promise<void> {
  const raw = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  by(raw)
  await writeFile(path, JSON.stringify(raw))
}

const refused = (...said: string[]) => ({
  code: 'checkpoint/invalid',
  message: expect.stringMatching(new RegExp(said.map((one) => `(?=[^]*${one})`).join(''))) as string
})

/** A file of a header as it is written and some bytes behind it. */
async function fileOf(header: string | Buffer, data: number, declared?: bigint): Promise<string> {
  const path = join(await temporaryFolder(), 'one.safetensors')
  await writeFile(path, bytesOf(Buffer.from(header), Buffer.alloc(data), declared))
  return path
}

function bytesOf(header: Buffer, data: Buffer, declared = BigInt(header.length)): Buffer {
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(BigInt.asUintN(64, declared))
  return Buffer.concat([prefix, header, data])
}

const ENTRY = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'

test.each([
  ['a tensor named twice', `{"w":${ENTRY},"w":${ENTRY}}`, 'names w twice'],
  ['a tensor named twice, once in escapes', `{"w":${ENTRY},"\\u0077":${ENTRY}}`, 'names w twice'],
  [
    'an offset given twice',
    '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"shape":[1]}}',
    'names shape twice'
  ],
  ['a table nested deeply', '{"a":'.repeat(1_000_000), 'at most 3 levels'],
  ['a shape of a million sides', `{"w":{"shape":[${'1,'.repeat(1e6)}1]}}`, 'over 64 items'],
  ['an entry that is null', '{"w":null}', 'the entry of w'],
  ['sizes beyond whole numbers', `{"w":${ENTRY.replace('[1]', '[1e300]')}}`, 'the entry of w'],
  [
    'a type that lies about its width',
    `{"w":${ENTRY.replace('F32', 'F64')}}`,
    'w takes 4 bytes; F64 \\[1\\] needs 8'
  ],
  [
    'a name that would write to the terminal',
    `{"\\u001b[2J\\n":${ENTRY.replace('F32', 'F64')}}`,
    '"\\\\u001b\\[2J\\\\n" takes'
  ],
  ['half a character', Buffer.concat([Buffer.from('{"'), Buffer.from([0xff])]), 'is not JSON']
])('a header with %s is refused', async (_, header, said) => {
  const path = await fileOf(header, 4)
  await expect(openSafetensors(path)).rejects.toMatchObject(refused(said))
})

test('a header of a hundred megabytes is refused by its length, unread', async () => {
  const path = await fileOf('{}', 0, 100_000_001n)
  await truncate(path, 400_000_000)
  await expect(openSafetensors(path)).rejects.toMatchObject(refused('claims 100000001 bytes'))
})

test('a file that claims terabytes it does not have is refused before memory is asked for', async () => {
  const size = 2 ** 42
  const entry = `{"dtype":"F32","shape":[${size / 4}],"data_offsets":[0,${size}]}`
  const path = await fileOf(`{"w":${entry}}`, 4)
  await expect(openSafetensors(path)).rejects.toMatchObject(refused('its tensors end at byte'))
})

test('a pipe under the name of a file is refused, not waited for', async () => {
  const folder = await copied('llama')
  await rm(join(folder, 'model.safetensors'))
  execFileSync('mkfifo', [join(folder, 'model.safetensors')])
  await expect(openModelWeights(folder)).rejects.toMatchObject(refused('it is no file'))
})

test('a folder under the name of a file is refused', async () => {
  const folder = await copied('llama')
  await rm(join(folder, 'config.json'))
  await mkdir(join(folder, 'config.json'))
  await expect(openModelWeights(folder)).rejects.toMatchObject(refused('it is no file'))
})

test.each(['config.json', 'model.safetensors'])(
  'a %s that is a link out of the folder is refused',
  async (name) => {
    const folder = await copied('llama')
    await rm(join(folder, name))
    await symlink(join(GOLDEN, 'llama', name), join(folder, name))
    await expect(openModelWeights(folder)).rejects.toMatchObject(
      refused(name, 'a link that leads out of its folder')
    )
  }
)

test('a tokenizer that is a link out of the folder is refused', async () => {
  const folder = await copied('llama')
  await symlink(join(GOLDEN, 'tokenizer.json'), join(folder, 'tokenizer.json'))
  await expect(readTokenizer(folder)).rejects.toMatchObject(refused('leads out'))
})

test('links within the folder, and of the Hugging Face cache to its blobs, are followed', async () => {
  const folder = await copied('llama')
  await cp(join(folder, 'model.safetensors'), join(folder, 'weights'))
  await rm(join(folder, 'model.safetensors'))
  await symlink('weights', join(folder, 'model.safetensors'))
  expect((await openModelWeights(folder)).shapes.size).toBe(21)

  const cache = join(await temporaryFolder(), 'models--org--small')
  const snapshot = join(cache, 'snapshots', 'abc')
  await mkdir(join(cache, 'blobs'), { recursive: true })
  await mkdir(snapshot, { recursive: true })
  for (const name of ['config.json', 'model.safetensors']) {
    await cp(join(GOLDEN, 'llama', name), join(cache, 'blobs', `${name}-hash`))
    await symlink(join('..', '..', 'blobs', `${name}-hash`), join(snapshot, name))
  }
  expect((await openModelWeights(snapshot)).shapes.size).toBe(21)
})

test.each([
  ['../elsewhere.safetensors', 'is not a file of this folder'],
  ['/etc/passwd', 'is not a file of this folder'],
  ['sub/one.safetensors', 'is not a file of this folder'],
  ['..\\one.safetensors', 'is not a file of this folder'],
  ['one\0.safetensors', 'is not a file of this folder'],
  ['model-00009-of-00003.safetensors', 'model-00009-of-00003.safetensors, which is not there']
])('an index that names %j is refused', async (name, said) => {
  const folder = await copied('sharded')
  await edit(join(folder, INDEX), (raw) => {
    Object.assign(raw['weight_map'] as object, { 'model.norm.weight': name })
  })
  await expect(openModelWeights(folder)).rejects.toMatchObject(refused(INDEX, said))
})

test('an index that is wrong about where a tensor lies is refused, both named', async () => {
  const folder = await copied('sharded')
  await edit(join(folder, INDEX), (raw) => {
    Object.assign(raw['weight_map'] as object, {
      'model.norm.weight': 'model-00001-of-00003.safetensors'
    })
  })
  await expect(openModelWeights(folder)).rejects.toMatchObject(
    refused('model-00001-of-00003.safetensors', 'model.norm.weight is not in it')
  )
})

test('two shards with one tensor are refused', async () => {
  const folder = await copied('sharded')
  const names = [2, 3].map((one) => join(folder, `model-0000${one}-of-00003.safetensors`))
  await cp(names[0]!, names[1]!)
  await expect(openModelWeights(folder)).rejects.toMatchObject(refused('is in .* too'))
})

test('a shard that was cut off is refused by name', async () => {
  const folder = await copied('sharded')
  const shard = join(folder, 'model-00002-of-00003.safetensors')
  await truncate(shard, 1000)
  await expect(openModelWeights(folder)).rejects.toMatchObject(refused('model-00002-of-00003'))
})

test.each([
  ['num_hidden_layers', 1e9, 'there are 21 tensors'],
  ['hidden_size', 2 ** 40, 'the largest side'],
  ['vocab_size', 1e12, 'the largest side'],
  ['intermediate_size', 1e15, 'at most'],
  ['max_position_embeddings', 1e15, 'at most']
])('a configuration of %s %d is refused before anything is allocated', async (key, value, said) => {
  const folder = await copied('llama')
  await edit(join(folder, 'config.json'), (raw) => {
    // The decoder's own checks want heads that divide the size.
    Object.assign(raw, { head_dim: null, [key]: value })
  })
  await expect(openCheckpoint(folder)).rejects.toMatchObject(refused('config.json', key, said))
})

test('pickled weights are refused with how to convert them', async () => {
  const folder = await copied('llama')
  await rm(join(folder, 'model.safetensors'))
  await writeFile(join(folder, 'pytorch_model.bin'), 'a pickle')
  await expect(openModelWeights(folder)).rejects.toMatchObject(
    refused('pytorch_model.bin', 'save_pretrained\\(.*safe_serialization=True\\)')
  )
})

test('a tokenizer larger than the embedding is told', async () => {
  const folder = join(await temporaryFolder(), 'ours')
  await writeOurs(folder)
  await edit(join(folder, 'tokenizer.json'), (raw) => {
    Object.assign((raw['model'] as { vocab: object }).vocab, { beyond: 300 })
  })
  const said = tokenizerProblem((await readTokenizer(folder))!, await openModelWeights(folder))
  expect(said).toContain('has a token 300, but the embedding has 300 rows')
})

/** A file that opens gives only what it holds; one that does not says so as a damaged file does. */
async function opensOrRefuses(path: string): Promise<void> {
  try {
    const source = await openSafetensors(path)
    let bytes = 0
    for (const name of source.shapes.keys()) bytes += source.bytesOf(name)
    expect(bytes).toBeLessThan(source.fileBytes)
    const readable = [...source.shapes.keys()].filter((name) =>
      ['F32', 'F16', 'BF16'].includes(source.dtype(name))
    )
    for (const name of readable.slice(-2)) await source.read(name)
  } catch (error) {
    const { code, message, stack } = toPlain(error)
    expect(code, stack ?? message).toBe('checkpoint/invalid')
    expect(message.length).toBeLessThan(1000)
  }
}

const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
interface Mutation {
  kind: 'byte' | 'cut' | 'put' | 'number' | 'declared'
  /** Where in the header, as a share of it. */
  at: number
  value: number | string
}

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('byte' as const), at, value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('cut' as const), at, value: fc.integer({ min: 1, max: 40 }) }),
  fc.record({
    kind: fc.constant('put' as const),
    at,
    value: fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', '0', '9', '-', 'e9', 'null')
  }),
  fc.record({ kind: fc.constant('number' as const), at, value: fc.maxSafeInteger() }),
  fc.record({ kind: fc.constant('declared' as const), at, value: fc.integer() })
)

function mutated(file: Buffer, changes: readonly Mutation[]): Buffer {
  const length = Number(file.readBigUInt64LE())
  let header = file.subarray(8, 8 + length)
  let declared: bigint | null = null
  for (const change of changes) {
    const place = Math.floor(change.at * header.length)
    const [before, after] = [header.subarray(0, place), header.subarray(place)]
    if (change.kind === 'byte') {
      header = Buffer.from(header)
      if (place < header.length) header[place] = Number(change.value)
    } else if (change.kind === 'cut') {
      header = Buffer.concat([before, after.subarray(Number(change.value))])
    } else if (change.kind === 'put') {
      header = Buffer.concat([before, Buffer.from(String(change.value)), after])
    } else if (change.kind === 'number') {
      const text = after.toString('latin1').replace(/\d+/, String(change.value))
      header = Buffer.concat([before, Buffer.from(text, 'latin1')])
    } else declared = BigInt(change.value)
  }
  return bytesOf(header, file.subarray(8 + length), declared ?? undefined)
}

test('thousands of mutated headers are opened or refused, and nothing else happens', async () => {
  const path = join(await temporaryFolder(), 'fuzzed.safetensors')
  const files = await Promise.all(
    ['mixed.safetensors', 'llama/model.safetensors'].map((name) => readFile(join(GOLDEN, name)))
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      async (file, changes) => {
        await writeFile(path, mutated(file, changes))
        await opensOrRefuses(path)
      }
    ),
    { numRuns: 3000 }
  )
})

test('any bytes are opened or refused', async () => {
  const path = join(await temporaryFolder(), 'noise.safetensors')
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.boolean(),
      async (bytes, isPlausible) => {
        const noise = Buffer.from(bytes)
        await writeFile(path, isPlausible ? bytesOf(noise, Buffer.alloc(4)) : noise)
        await opensOrRefuses(path)
      }
    ),
    { numRuns: 500 }
  )
})

test('any JSON as configuration or index is taken or refused', async () => {
  const folder = await copied('sharded')
  const config = await readFile(join(folder, 'config.json'), 'utf8')
  const index = await readFile(join(folder, INDEX), 'utf8')
  const known = ['hidden_size', 'num_hidden_layers', 'vocab_size', 'weight_map', 'rope_parameters']
  const value = fc.oneof(fc.jsonValue(), fc.maxSafeInteger(), fc.constant(-1), fc.double())
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('config.json', INDEX),
      fc.dictionary(fc.oneof(fc.constantFrom(...known), fc.string()), value, { maxKeys: 4 }),
      fc.boolean(),
      async (name, drawn, isWhole) => {
        const original = JSON.parse(name === INDEX ? index : config) as object
        await writeFile(join(folder, 'config.json'), config)
        await writeFile(join(folder, INDEX), index)
        await writeFile(
          join(folder, name),
          JSON.stringify(isWhole ? drawn : { ...original, ...drawn })
        )
        await openCheckpoint(folder).catch((error: unknown) => {
          expect(toPlain(error).code, String((error as Error).stack)).toBe('checkpoint/invalid')
        })
      }
    ),
    { numRuns: 500 }
  )
})
