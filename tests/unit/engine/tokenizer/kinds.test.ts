import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { endOfTextId, loadTokenizer } from '#engine/tokenizer/tokenizer'
import golden from '../../../golden/tokenizer/kinds.json' with { type: 'json' }
import { sampleText } from './sampleText'

const folder = join(import.meta.dirname, '../../../golden/tokenizer/kinds')
const kinds = Object.entries(golden.kinds)
const scratch = mkdtempSync(join(tmpdir(), 'assay-kinds-'))
afterAll(() => rmSync(scratch, { recursive: true }))

/** Lists as the golden file has them: long ones as length and hash. */
function asGolden(ids: Uint32Array | number[]): unknown {
  if (ids.length <= 60) return Array.from(ids)
  const sha256 = createHash('sha256').update(Array.from(ids).join(',')).digest('hex')
  return { length: ids.length, sha256 }
}

describe.each(kinds)('a tokenizer of the kind %s', (name, expected) => {
  const path = join(folder, `${name}.json`)
  const tokenizer = loadTokenizer(path)

  it("gives Python's ids for nasty strings, all at once and one by one", async () => {
    const together = await tokenizer.encode(golden.texts)
    expect(together.map(asGolden)).toEqual(expected.ids)
    for (const [index, text] of golden.texts.entries()) {
      const [alone] = await tokenizer.encode([text])
      expect(alone).toEqual(together[index])
    }
  })

  it("gives Python's ids for a text long enough to be cut", async () => {
    const proverb = 'the quick brown fox jumps over the lazy dog, again and again. '
    const text = proverb.repeat(4000) + sampleText(20_000)
    expect(text.length).toBeGreaterThan(200_000)
    const [ids] = await tokenizer.encode([text])
    expect(asGolden(ids!)).toEqual(expected.long)
    expect((await tokenizer.encodeWithEnds(text)).ids.flat()).toEqual(Array.from(ids!))
  })

  it('says where tokens end: the spans are the whole text, and the ids all of them', async () => {
    for (const [index, text] of golden.texts.entries()) {
      const { ends, ids } = await tokenizer.encodeWithEnds(text)
      expect(asGolden(ids.flat())).toEqual(expected.ids[index])
      if (ends.length > 0) expect(ends.at(-1)).toBe(text.length)
      expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b))
    }
  })

  it('finds the token that ends a document', () => {
    const end = name === 'wordPiece' ? '[SEP]' : '</s>'
    expect(endOfTextId(tokenizer, path)).toBe(tokenizer.idOf(end))
  })
})

it.each(Object.entries(golden.sentencepiece))(
  'the %s tokenizer gives what sentencepiece itself gives',
  async (name, expected) => {
    const tokenizer = loadTokenizer(join(folder, `${name}.json`))
    // Hugging Face's Metaspace puts no mark before a blank that is there already.
    const texts = Object.entries(expected).filter(
      ([text]) => name === 'byteFallback' || !text.startsWith(' ')
    )
    expect(texts.length).toBeGreaterThan(20)
    const ids = await tokenizer.encode(texts.map(([text]) => text))
    expect(ids.map(asGolden)).toEqual(texts.map(([, wanted]) => wanted))
  }
)

it('loads a vocabulary of 200,000 tokens', () => {
  const path = join(scratch, 'large.json')
  const whole = JSON.parse(readFileSync(join(folder, 'byteFallback.json'), 'utf8')) as {
    model: { vocab: Record<string, number> }
  }
  for (let id = 600; id < 200_000; id++) whole.model.vocab[`token${id}`] = id
  writeFileSync(path, JSON.stringify(whole))
  expect(loadTokenizer(path).vocabularySize).toBe(200_000)
})

it('leaves nothing to chance where a tokenizer drops merges at random', async () => {
  const path = join(scratch, 'dropout.json')
  const whole = JSON.parse(readFileSync(join(folder, 'llama3.json'), 'utf8')) as {
    model: { dropout: number }
  }
  whole.model.dropout = 0.5
  writeFileSync(path, JSON.stringify(whole))
  const ids = await loadTokenizer(path).encode(golden.texts)
  expect(ids.map(asGolden)).toEqual(golden.kinds.llama3.ids)
})
