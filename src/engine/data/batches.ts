/** The batches of a run: a pure function of what it reads and its random seed. */
import { join } from 'node:path'
import type { BaseUnit } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import type { Draw } from './draws'
import { permutationKey, permute } from './permute'
import { assertSound } from '#engine/storage/sealedFiles'
import { openTokens } from './tokenFiles'
import type { TokenReader } from './tokenFiles'
import { readStreamRecord } from './tokenStream'

/** Token files are held in memory until they come to this much; the others are read by range. */
const BYTES_IN_MEMORY = 256 * 1024 * 1024

export interface BatchesInput {
  projectFolder: string
  draws: readonly Draw[]
  /** A share of seed text in every batch; it takes the place of as many drawn sequences. */
  replay?: { unit: BaseUnit; share: number }
  /** Predicted tokens per sequence, T. */
  contextLength: number
  /** Sequences per step. */
  batchSize: number
  randomSeed: number
}

/** Which sequence a row of a batch is. */
export interface BatchRow {
  unit: BaseUnit
  /** Counted in the unit's token file: it begins at token `sequence` × T. */
  sequence: number
}

/** An open set of batches; close it in the end. */
export interface Batches {
  steps: number
  /** Predicted tokens in all: steps × batch size × T. */
  tokens: number
  /** Ids of a step's sequences, row by row: batch size × (T+1). */
  batch(step: number): Int32Array
  /** Which sequences a step's rows are. */
  rows(step: number): BatchRow[]
  close(): Promise<void>
}

/**
 * Opens the batches of a run.
 *
 * All drawn sequences form one list, shuffled as a whole by the random seed; of each unit its
 * sequences are used without replacement first, then again in another order. There is no state:
 * any step can be asked for, so a run goes on where it stopped.
 *
 * @throws WorkbenchError `partition/too-small` when the draws do not fill one batch,
 *   `usage/invalid` for a share of replay that leaves no row to either side
 */
export async function openBatches(input: BatchesInput): Promise<Batches> {
  const { draws, batchSize, contextLength, randomSeed } = input
  const total = draws.reduce((sum, draw) => sum + draw.sequences, 0)
  const steps = Math.floor(total / batchSize)
  if (steps < 1) {
    throw new WorkbenchError(
      'partition/too-small',
      `The run would read ${total} sequences; one step needs ${batchSize}. ` +
        `Lower the batch size, or raise the sequences per base unit.`,
      { sequences: total, batchSize }
    )
  }
  const replayRows = input.replay ? rowsOfReplay(input.replay.share, batchSize) : 0
  const readers = await openReaders(input)
  const begins: number[] = []
  draws.reduce((sum, draw) => (begins.push(sum), sum + draw.sequences), 0)
  const globalKey = permutationKey(randomSeed, 'order')
  const unitKeys = new Map<string, Uint32Array>()

  const sequenceOf = (unit: BaseUnit, position: number, purpose: string): number => {
    const epoch = Math.floor(position / unit.sequences)
    const name = `${purpose} ${unit.fingerprint} ${epoch}`
    let key = unitKeys.get(name)
    if (!key) {
      key = permutationKey(randomSeed, purpose, unit.fingerprint, epoch)
      unitKeys.set(name, key)
    }
    const place = permute(unit.sequences, key, position % unit.sequences)
    return unit.firstSequence + place * (unit.stride ?? 1)
  }

  const readRow = (unit: BaseUnit, sequence: number, target: Int32Array, row: number): void => {
    const reader = readers.get(unit.tokens)!
    const length = contextLength + 1
    reader.read(sequence * contextLength, length, target, row * length)
  }

  const drawnRows = batchSize - replayRows
  const rowOf = (step: number, row: number): BatchRow => {
    if (row >= drawnRows) {
      const { unit } = input.replay!
      const position = step * replayRows + row - drawnRows
      return { unit, sequence: sequenceOf(unit, position, 'replay') }
    }
    const entry = permute(total, globalKey, step * drawnRows + row)
    const index = drawOfEntry(begins, entry)
    const { unit } = draws[index]!
    return { unit, sequence: sequenceOf(unit, entry - begins[index]!, 'unit') }
  }
  const rowsOf = (step: number): BatchRow[] => {
    if (!Number.isInteger(step) || step < 0 || step >= steps) {
      throw new RangeError(`step ${step} is not in a run of ${steps}`)
    }
    return Array.from({ length: batchSize }, (_, row) => rowOf(step, row))
  }

  return {
    steps,
    tokens: steps * batchSize * contextLength,
    rows: rowsOf,
    batch: (step) => {
      const ids = new Int32Array(batchSize * (contextLength + 1))
      rowsOf(step).forEach(({ unit, sequence }, row) => readRow(unit, sequence, ids, row))
      return ids
    },
    close: () => {
      for (const reader of readers.values()) reader.close()
      return Promise.resolve()
    }
  }
}

/** The last draw that begins at or before an entry and is not empty. */
function drawOfEntry(begins: readonly number[], entry: number): number {
  let low = 0
  let high = begins.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (begins[middle]! <= entry) low = middle
    else high = middle - 1
  }
  return low
}

function rowsOfReplay(share: number, batchSize: number): number {
  if (share === 0) return 0
  const rows = Math.max(1, Math.round(share * batchSize))
  if (rows < batchSize) return rows
  throw new WorkbenchError(
    'usage/invalid',
    `A replay of ${share} in batches of ${batchSize} leaves no room for the units' own text. ` +
      `Raise the batch size or lower the replay.`,
    { share, batchSize }
  )
}

async function openReaders(input: BatchesInput): Promise<Map<string, TokenReader>> {
  const units = [
    ...input.draws.map((draw) => draw.unit),
    ...(input.replay ? [input.replay.unit] : [])
  ]
  const readers = new Map<string, TokenReader>()
  let memoryLeft = BYTES_IN_MEMORY
  for (const { tokens } of units) {
    if (readers.has(tokens)) continue
    const folder = join(input.projectFolder, 'tokens', tokens)
    await assertSound(folder)
    const record = readStreamRecord(join(input.projectFolder, 'tokens'), tokens)
    if (!record) throw missingStream(folder)
    readers.set(tokens, openTokens(join(folder, 'tokens.bin'), record.width, memoryLeft))
    const bytes = record.tokens * record.width
    if (bytes <= memoryLeft) memoryLeft -= bytes
  }
  return readers
}

function missingStream(folder: string): WorkbenchError {
  return new WorkbenchError(
    'storage/missing',
    `${folder} is missing: the tokens that the run reads. Run the study again: prepared text is made anew from the stored corpora.`,
    { path: folder }
  )
}
