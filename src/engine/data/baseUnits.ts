/** Cuts a partition's token stream into equal-sized base units. */
import { createHash } from 'node:crypto'
import type { BaseUnit, UnitChoice } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import { openTokens } from './tokenFiles'
import type { TokenReader, TokenWidth } from './tokenFiles'

const SEQUENCES_PER_READ = 1024

/** Name of a partition's n-th base unit, n counted from 0. */
export function unitName(partition: string, place: number): string {
  return `${partition}#${place + 1}`
}

/** Sequences of T+1 ids at stride T that a stream of so many tokens holds. */
export function sequencesIn(tokens: number, contextLength: number): number {
  return Math.max(0, Math.floor((tokens - 1) / contextLength))
}

/**
 * How many sequences each base unit of a partition has, by the study's rules for text that is left
 * over or too little. Pure.
 *
 * @param tokens ids in the stream
 * @throws WorkbenchError `partition/too-small` with the numbers and what to do
 */
export function planUnits(
  partition: string,
  tokens: number,
  contextLength: number,
  choice: UnitChoice
): number[] {
  const available = sequencesIn(tokens, contextLength)
  const whole = Math.floor(available / choice.sequences)
  if (whole === 0) {
    if (choice.tooSmall === 'drop') return []
    if (choice.tooSmall === 'short' && available > 0) return [available]
    throw tooSmall(partition, tokens, contextLength, choice)
  }
  const count = Math.min(whole, choice.maximum ?? whole)
  const units = Array.from({ length: count }, () => choice.sequences)
  const rest = available - whole * choice.sequences
  const isCapped = choice.maximum !== null && count >= choice.maximum
  if (rest === 0 || choice.leftOver === 'drop') return units
  if (choice.leftOver === 'short') return isCapped ? units : [...units, rest]
  if (count === whole) units[count - 1]! += rest
  return units
}

function tooSmall(
  partition: string,
  tokens: number,
  contextLength: number,
  choice: UnitChoice
): WorkbenchError {
  const needed = choice.sequences * contextLength + 1
  const possible = sequencesIn(tokens, contextLength)
  return new WorkbenchError(
    'partition/too-small',
    `Partition ${partition} holds ${tokens.toLocaleString('en')} tokens; one base unit needs ` +
      `${needed.toLocaleString('en')} (${choice.sequences} sequences of ${contextLength}). ` +
      (possible > 0
        ? `Set "unit.sequences" to ${possible} or less, or "unit.tooSmall" to "short" ` +
          `(repeats its text) or "drop" (leaves it out), or give more text.`
        : `That is less than one sequence: shorten the context, leave it out with ` +
          `"unit.tooSmall": "drop", or give more text.`),
    { partition, tokens, needed }
  )
}

/**
 * Makes the records of base units.
 *
 * A unit's fingerprint is over its own tokens and T, so it stays the same when text is added
 * behind it.
 */
export function cutUnits(input: {
  partition: string
  tokensFile: string
  width: TokenWidth
  streamFingerprint: string
  contextLength: number
  /** Of `planUnits`. */
  sequences: readonly number[]
  /** Where the first unit begins in the stream; 0 when left out. */
  firstSequence?: number
}): BaseUnit[] {
  const reader = openTokens(input.tokensFile, input.width, 0)
  try {
    let firstSequence = input.firstSequence ?? 0
    return input.sequences.map((sequences, index) => {
      const unit: BaseUnit = {
        name: unitName(input.partition, index),
        partition: input.partition,
        fingerprint: unitFingerprint(reader, firstSequence, sequences, input.contextLength),
        tokens: input.streamFingerprint,
        firstSequence,
        sequences
      }
      firstSequence += sequences
      return unit
    })
  } finally {
    reader.close()
  }
}

/** SHA-256 of the unit's tokens as uint32, little-endian, and of T. */
function unitFingerprint(
  reader: TokenReader,
  firstSequence: number,
  sequences: number,
  contextLength: number
): string {
  const hash = createHash('sha256')
  const end = (firstSequence + sequences) * contextLength + 1
  const step = SEQUENCES_PER_READ * contextLength
  for (let at = firstSequence * contextLength; at < end; at += step) {
    const ids = new Int32Array(Math.min(step, end - at))
    reader.read(at, ids.length, ids, 0)
    hash.update(new Uint8Array(ids.buffer))
  }
  return hash.update(`T=${contextLength}`).digest('hex')
}
