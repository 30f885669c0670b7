import { join } from 'node:path'
import { expect, it } from 'vitest'
import { encodePairs } from '#engine/tokenizer/encodePair'
import { loadTokenizer } from '#engine/tokenizer/tokenizer'

const folder = join(import.meta.dirname, '../../../golden/tokenizer/kinds')
const llama3 = loadTokenizer(join(folder, 'llama3.json'))
const fallback = loadTokenizer(join(folder, 'byteFallback.json'))

async function spelled(tokenizer: typeof llama3, context: string, answer: string) {
  const [pair] = await encodePairs(tokenizer, [{ context, answer }])
  return {
    context: await tokenizer.decode(pair!.context),
    answer: await tokenizer.decode(pair!.answer),
    bytes: pair!.answerBytes
  }
}

it('moves white space at the end of the context to the answer', async () => {
  expect(await spelled(llama3, 'the lazy \n', 'dog é')).toEqual({
    context: 'the lazy',
    answer: ' \ndog é',
    bytes: 8
  })
  expect(await spelled(llama3, '  ', 'dog')).toEqual({ context: '', answer: '  dog', bytes: 5 })
})

it('gives the answer the ids it has in the running text', async () => {
  for (const tokenizer of [llama3, fallback]) {
    const [pair] = await encodePairs(tokenizer, [{ context: 'the quick', answer: ' brown fox' }])
    const [whole] = await tokenizer.encode(['the quick brown fox'])
    expect([...pair!.context, ...pair!.answer]).toEqual([...whole!])
  }
})

it('encodes an answer alone that the whole leaves no token of its own', async () => {
  // "brow" and "n" are several tokens, the word is fewer than its beginning.
  const [beginning] = await llama3.encode(['the qu'])
  const [whole] = await llama3.encode(['the quick'])
  expect(whole!.length).toBeLessThanOrEqual(beginning!.length)
  const [pair] = await encodePairs(llama3, [{ context: 'the qu', answer: 'ick' }])
  const [alone] = await llama3.encode(['ick'])
  expect([[...pair!.context], [...pair!.answer]]).toEqual([[...beginning!], [...alone!]])
})
