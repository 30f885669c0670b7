import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { endOfTextId, loadTokenizer } from '#engine/tokenizer/tokenizer'
import { trainByteLevelBpe } from '#engine/tokenizer/train'
import golden from '../../../golden/tokenizer/byteLevelBpe.json' with { type: 'json' }
import { sampleText } from './sampleText'

const folder = mkdtempSync(join(tmpdir(), 'assay-tokenizer-'))
const sample = join(folder, 'sample.txt')
writeFileSync(sample, sampleText())
const trained = trainByteLevelBpe(sample, 2048, folder)
const model = (
  JSON.parse(trained) as { model: { vocab: Record<string, number>; merges: string[][] } }
).model
afterAll(() => rmSync(folder, { recursive: true }))

/** A tokenizer.json on disk. */
function onDisk(name: string, json: string): string {
  const path = join(folder, name)
  writeFileSync(path, json)
  return path
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Ids as the golden file has them: long lists as length and hash. */
function asGolden(ids: Uint32Array): unknown {
  if (ids.length <= 100) return Array.from(ids)
  return { length: ids.length, sha256: sha256(Array.from(ids).join(',')) }
}

describe('a trained tokenizer', () => {
  it('is trained on the same text as the golden file', () => {
    expect(sha256(sampleText())).toBe(golden.sampleSha256)
  })

  it("has the vocabulary and merges of Python's trainer at 2,048 entries", () => {
    const byId = Object.entries(model.vocab).sort(([, a], [, b]) => a - b)
    expect(byId.map(([token]) => token)).toEqual(golden.vocabulary)
    expect(model.merges.map((merge) => merge.join(' '))).toEqual(golden.merges)
  })

  it("has Python's merges at 267 entries too", () => {
    const small = JSON.parse(trainByteLevelBpe(sample, 267, folder)) as typeof model extends infer M
      ? { model: M & { merges: string[][] } }
      : never
    expect(small.model.merges.map((merge) => merge.join(' '))).toEqual(golden.smallMerges)
  })

  it("gives Python's ids for nasty strings", async () => {
    const tokenizer = loadTokenizer(onDisk('trained-2048.json', trained))
    const ids = await tokenizer.encode(golden.texts)
    expect(ids.map(asGolden)).toEqual(golden.ids)
  })

  it('spells every text back, byte for byte', async () => {
    const tokenizer = loadTokenizer(onDisk('trained-2048.json', trained))
    const ids = await tokenizer.encode(golden.texts)
    const spelled = await Promise.all(ids.map((one) => tokenizer.decode(one)))
    expect(spelled).toEqual(golden.texts)
  })

  it('ends documents with its own special token, id 0', () => {
    const path = onDisk('trained-2048.json', trained)
    expect(endOfTextId(loadTokenizer(path), path)).toBe(0)
  })

  it('refuses a vocabulary above what the text gives, with the number it gives', () => {
    const tiny = onDisk('tiny.txt', 'aa aa bb bb ab ab')
    expect(() => trainByteLevelBpe(tiny, 1000, folder)).toThrow(
      expect.objectContaining({
        code: 'tokenizer/vocabulary-too-large',
        details: expect.objectContaining({ expected: 1000 })
      })
    )
  })

  it.each([256, 30001])('refuses to train %i entries', (size) => {
    expect(() => trainByteLevelBpe(sample, size, folder)).toThrow(
      expect.objectContaining({ code: 'tokenizer/invalid' })
    )
  })
})

describe('a brought tokenizer', () => {
  it("gives Python's ids with NFC and a newer pattern", async () => {
    const brought = { ...(JSON.parse(trained) as object), ...golden.otherRules }
    const tokenizer = loadTokenizer(onDisk('brought.json', JSON.stringify(brought)))
    const ids = await tokenizer.encode(golden.texts)
    expect(ids.map(asGolden)).toEqual(golden.idsOfOtherRules)
  })

  it('is refused when it is no tokenizer.json', () => {
    const path = onDisk('broken.json', '{"version": 1}')
    expect(() => loadTokenizer(path)).toThrow(
      expect.objectContaining({ code: 'tokenizer/invalid' })
    )
  })

  it('is refused when it has no token to end documents with', () => {
    const path = onDisk('no-end.json', trained)
    expect(() => endOfTextId(loadTokenizer(path), path, '</s>')).toThrow(
      expect.objectContaining({
        code: 'tokenizer/invalid',
        message: expect.stringContaining('</s>')
      })
    )
  })
})
