/**
 * One flipped bit in any file of a finished project: it is found, and nothing wrong comes of it.
 *
 * Checking names the file. Going on without checking either comes to the undisturbed results, or refuses
 * and names the file; after a repair it comes to them. `npm test` flips a bit in one file of each kind,
 * `npm run test:torture` thousands.
 */
import { statSync } from 'node:fs'
import { readFile, writeFile, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ImportOptions } from '#engine'
import { verifyProject } from '#engine'
import { toPlain } from '#shared/errors'
import { tinyImports } from '../support/builtEngine'
import { filesOf, live, outcomeOf } from '../support/studyLife'

const IS_ALL = process.env['ASSAY_TORTURE'] === 'all'
/** Flips of each kind that are only looked for, and flips after which the study goes on. */
const LOOKED_FOR = IS_ALL ? 200 : 3
const LIVED_ON = IS_ALL ? 20 : 1

/** Kinds of files; the first that fits a name. */
const KINDS: [string, RegExp][] = [
  ['the records', /^project\.assay$/],
  ['the records before', /^project\.assay-before$/],
  ['measurements', /^measurements\.jsonl$/],
  ['documents of measurements', /^measurements\.f64$/],
  ['predictions', /^predictions\.jsonl$/],
  ["a run's manifest", /^runs\/[^/]+\/manifest\.json$/],
  ["a run's curve", /^runs\/[^/]+\/trace\.jsonl$/],
  ["a run's weights", /^runs\/.*\.safetensors$/],
  ["a run's other files", /^runs\//],
  ['an index of stored text', /^corpora\/.*index\.bin$/],
  ['stored text', /^corpora\/.*blocks\.bin$/],
  ['records of stored text', /^corpora\//],
  ['tokens', /^tokens\/.*tokens\.bin$/],
  ['records of tokens', /^tokens\//],
  ['the tokenizer', /^tokenizers\//],
  ['the cache', /^cache\//],
  ['an exported model', /^exports\//]
]

let place: string
let whole: string
let imports: ImportOptions[]
let outcome: Record<string, string>
let files: string[]
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'assay-test-'))
  imports = await tinyImports(place)
  whole = join(place, 'whole')
  await live(whole, imports)
  outcome = await outcomeOf(whole)
  files = filesOf(whole)
})
afterAll(() => rm(place, { recursive: true, force: true }))

const kindOf = (name: string) => KINDS.find(([, pattern]) => pattern.test(name))?.[0]

/** A file and one of its bits, both drawn; of a kind. */
interface Flip {
  name: string
  bit: number
  at: string
}

async function drawFlips(kind: string, count: number, seed: number): Promise<Flip[]> {
  const random = xoroshiro128plus(seed)
  // An empty file has no bits.
  const names = files.filter(
    (name) => kindOf(name) === kind && statSync(join(whole, name)).size > 0
  )
  const drawn: Flip[] = []
  for (let i = 0; i < count; i++) {
    const name = names[uniformInt(random, 0, names.length - 1)]!
    const { length } = await readFile(join(whole, name))
    const bit = uniformInt(random, 0, length * 8 - 1)
    drawn.push({ name, bit, at: `bit ${bit} of ${name}` })
  }
  return drawn
}

async function flip(folder: string, { name, bit }: Flip): Promise<void> {
  const bytes = await readFile(join(folder, name))
  bytes[bit >> 3]! ^= 1 << (bit & 7)
  await writeFile(join(folder, name), bytes)
}

test('every file is of a kind, and all kinds are there', () => {
  expect(files.filter((name) => kindOf(name) === undefined)).toEqual([])
  expect([...new Set(files.map(kindOf))].sort()).toEqual(KINDS.map(([kind]) => kind).sort())
})

test('an undisturbed project is sound, with a checksum of every file', async () => {
  expect(await verifyProject(whole)).toMatchObject({
    files: files.length,
    unsealed: 0,
    damaged: [],
    movedTo: null
  })
})

describe.each(KINDS)('a flipped bit in %s', (kind) => {
  test('is found, and the file named', async () => {
    for (const one of await drawFlips(kind, LOOKED_FOR, 1)) {
      await flip(whole, one)
      const { damaged } = await verifyProject(whole)
      await flip(whole, one)
      expect(
        damaged.map(({ file }) => file),
        one.at
      ).toContain(one.name)
    }
  }, 3_600_000)

  test('changes no result: the study goes on to the same, at once or after a repair', async () => {
    for (const one of await drawFlips(kind, LIVED_ON, 2)) {
      const { name, at } = one
      const folder = await mkdtemp(join(place, 'flipped-'))
      await cp(whole, folder, { recursive: true })
      await flip(folder, one)
      const error = await live(folder, imports).then(() => null, toPlain)
      if (error) {
        expect(`${error.code} ${error.message}`, at).toContain('storage/corrupt')
        expect(error.message, at).toContain(name)
      }
      // Which of its values are wrong nobody knows: those before the last change take their place.
      if (kind === 'the records') expect(error, at).not.toBe(null)
      const { damaged } = await verifyProject(folder, { repair: true, redoCurves: true })
      if (error) expect(damaged, at).not.toEqual([])
      await live(folder, imports)
      expect((await verifyProject(folder)).damaged, at).toEqual([])
      const after = await outcomeOf(folder)
      // What was said of a model before it was trained cannot be said later.
      if (kind === 'predictions') after['predictions.jsonl'] = outcome['predictions.jsonl']!
      expect(after, at).toEqual(outcome)
      await rm(folder, { recursive: true })
    }
  }, 3_600_000)
})
