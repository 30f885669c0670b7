/** Made-up text in parts that differ, enough for a model of a few thousand parameters to tell. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A small generator of its own, so that the text never changes with a library. */
export function pseudoRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const SYLLABLES: Record<string, string> = {
  law: 'ju dex le gi pac ta re us vin di ca ti o nis',
  code: 'fn let ret if for var int str {} () => ;',
  mail: 'hi dear re fwd thx pls asap best wish mon tue',
  seed: 'the of and to in a is that it was he for on are',
  fiction: 'sea ship whale storm wind wave cap tain sail mast deck'
}

/** Documents of one kind; a kind that is not known borrows the seed's syllables. */
export function tinyDocuments(kind: string, count: number, words = 60): string[] {
  const random = pseudoRandom([...kind].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7))
  const syllables = (SYLLABLES[kind] ?? SYLLABLES['seed']!).split(' ')
  // Squaring favours the first syllables, so that there is something to learn.
  const pick = () => syllables[Math.floor(random() ** 2 * syllables.length)]!
  return Array.from({ length: count }, () =>
    Array.from({ length: words }, () => pick() + (random() < 0.5 ? pick() : '')).join(' ')
  )
}

/** Writes documents as JSON lines with a `part` field. */
export async function writeCorpus(path: string, counts: Record<string, number>): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  const lines = Object.entries(counts).flatMap(([part, count]) =>
    tinyDocuments(part, count).map((text, index) =>
      JSON.stringify({ text, part, metadata: { year: 2000 + (index % 20) } })
    )
  )
  await writeFile(path, lines.join('\n') + '\n')
  return path
}
