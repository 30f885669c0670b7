/** Takes elements out of the queue, and says which could not be. */
import { setTimeout as sleep } from 'node:timers/promises'
import { callClient } from './clients'
import type { Called, SubmitHost } from './clients'
import { elementState, isLive, wordsOf } from './queue'
import type { QueueRecord } from './queue'
import { mayPass } from './refusals'

/** What `scancel` is given for elements of one array, and how many of them that is. */
export interface CancelWord {
  /** `12` for all of an array, else such as `12_[0-3,7]`. */
  word: string
  elements: number
}

/** What could not be taken out, and what Slurm says of it. */
export interface NotCancelled {
  words: CancelWord[]
  said: string
  /** True where asking again may do. */
  mayPass: boolean
}

/** A word has its limits, as a command line has. */
const MOST_RANGES = 1000
const MOST_WORDS = 500

/** A controller that is busy is asked so often, with a pause between. */
const MOST_TRIES = 3
export const CANCEL_PAUSE_MS = 2000

/**
 * Elements in as few words as may be: to Slurm each word is a question of its own.
 *
 * @param queue what is known of it: an array of which nothing else waits or runs is cancelled by its number
 */
export function cancelWords(
  elements: readonly { array: string; index: number }[],
  queue: Iterable<QueueRecord>
): CancelWord[] {
  const chosen = byArray(elements)
  const live = byArray([...queue].filter((record) => isLive(elementState(record))))
  return [...chosen].flatMap(([array, indexes]) => {
    const known = live.get(array)
    const isWhole = known !== undefined && [...known].every((index) => indexes.has(index))
    if (isWhole) return [{ word: array, elements: indexes.size }]
    return groupsOf(rangesOf(indexes), MOST_RANGES).map((ranges) => ({
      word: `${array}_[${ranges.map(({ text }) => text).join(',')}]`,
      elements: ranges.reduce((sum, { elements }) => sum + elements, 0)
    }))
  })
}

/**
 * Takes elements out of the queue; what runs is asked to leave, and saves its state first. Asked again where the controller
 * does not answer.
 *
 * @returns what is left; null where nothing is
 */
export async function cancelJobs(
  host: SubmitHost,
  words: readonly CancelWord[],
  pauseMs = CANCEL_PAUSE_MS
): Promise<NotCancelled | null> {
  let left = [...words]
  for (let tries = 1; ; tries++) {
    const outcome = await cancelOnce(host, left)
    if (!outcome) return null
    if (!outcome.mayPass || tries >= MOST_TRIES) return outcome
    left = outcome.words
    await sleep(pauseMs)
  }
}

async function cancelOnce(
  host: SubmitHost,
  words: readonly CancelWord[]
): Promise<NotCancelled | null> {
  for (const [at, group] of groupsOf(words, MOST_WORDS).entries()) {
    const called = await callClient(
      host,
      'scancel',
      group.map(({ word }) => word)
    )
    const failed = failedOf(group, called)
    if (failed.length === 0) continue
    const said = wordsOf(called.stderr) || 'scancel did not answer in time'
    const rest = words.slice((at + 1) * MOST_WORDS)
    return { words: [...failed, ...rest], said, mayPass: mayPass(called) }
  }
  return null
}

/** What is over already is out of the queue. */
const IS_OVER = /invalid job id|already complet/i

/** Of what a call was about, what it says that it failed in; all of it where it names nothing. */
function failedOf(words: readonly CancelWord[], { status, stderr }: Called): CancelWord[] {
  if (status === 0) return []
  const named = [...stderr.matchAll(/ job id (\S+): (.*)/g)]
  if (status === null || named.length === 0) return [...words]
  const failed = new Set(named.filter(([, , why]) => !IS_OVER.test(why!)).map(([, id]) => id))
  return words.filter(({ word }) => failed.has(word))
}

function byArray(
  elements: readonly { array: string; index: number }[]
): Map<string, ReadonlySet<number>> {
  const found = new Map<string, Set<number>>()
  for (const { array, index } of elements) {
    const indexes = found.get(array)
    if (indexes) indexes.add(index)
    else found.set(array, new Set([index]))
  }
  return found
}

function rangesOf(indexes: ReadonlySet<number>): { text: string; elements: number }[] {
  const ranges: [first: number, last: number][] = []
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const range = ranges.at(-1)
    if (range && index === range[1] + 1) range[1] = index
    else ranges.push([index, index])
  }
  return ranges.map(([first, last]) => ({
    text: first === last ? String(first) : `${first}-${last}`,
    elements: last - first + 1
  }))
}

/** In their order, so many together. */
export function groupsOf<Item>(items: readonly Item[], size: number): Item[][] {
  const groups: Item[][] = []
  for (let first = 0; first < items.length; first += size) {
    groups.push(items.slice(first, first + size))
  }
  return groups
}
