import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { cutText } from '#engine/tokenizer/cutText'
import { loadTokenizer } from '#engine/tokenizer/tokenizer'
import { trainByteLevelBpe } from '#engine/tokenizer/train'
import golden from '../../../golden/tokenizer/byteLevelBpe.json' with { type: 'json' }
import { sampleText } from './sampleText'

const folder = mkdtempSync(join(tmpdir(), 'assay-cut-'))
const sample = join(folder, 'sample.txt')
writeFileSync(sample, sampleText())
const trained = trainByteLevelBpe(sample, 1000, folder)
const files = [
  trained,
  JSON.stringify({ ...(JSON.parse(trained) as object), ...golden.otherRules })
]
const tokenizers = files.map((json, index) => {
  const path = join(folder, `${index}.json`)
  writeFileSync(path, json)
  return loadTokenizer(path)
})
afterAll(() => rmSync(folder, { recursive: true }))

const words = fc.array(
  fc.oneof(
    fc.constantFrom(
      ' ',
      '  ',
      '\n',
      'kalo',
      ' miste',
      ' ran',
      " o'",
      '12',
      ' é',
      '<|endoftext|>',
      '日'
    ),
    fc.string({ unit: 'grapheme', maxLength: 4 })
  ),
  { maxLength: 60 }
)

describe('cutText', () => {
  it('loses nothing', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 20 }), (parts, length) => {
        expect(cutText(parts.join(''), length).join('')).toBe(parts.join(''))
      })
    )
  })

  it('cuts where the ids are those of the whole text', async () => {
    await fc.assert(
      fc.asyncProperty(words, fc.integer({ min: 1, max: 20 }), async (parts, length) => {
        const text = parts.join('')
        for (const tokenizer of tokenizers) {
          const [whole, ...pieces] = await tokenizer.encode([text, ...cutText(text, length)])
          expect(pieces.flatMap((ids) => Array.from(ids))).toEqual(Array.from(whole!))
        }
      }),
      { numRuns: 200 }
    )
  })

  it('cuts a long text into pieces of about the length asked for', () => {
    const pieces = cutText('kalo miste '.repeat(1000), 100)
    expect(pieces.length).toBeGreaterThan(100)
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(112)
  })
})
