/**
 * `measurements.jsonl`: every measurement ever made, appended and synced, never rewritten. The nats of
 * its documents lie in `measurements.f64` beside it.
 *
 * Documents' bytes are on disk before the line that names them, so that wherever a process dies every
 * line has its documents; bytes that no line names are left alone. Lines of earlier versions hold their
 * documents themselves.
 */
import { z } from 'zod'
import { MeasurementSchema } from '#shared/records'
import type { Measurement } from '#shared/records'
import { DocumentNats, FLOAT64_BYTES, placeInWords, sumOfBytes } from './documentNats'
import type { DocumentsPlace } from './documentNats'
import { LineLog, openGrowing } from './files'
import type { GrowingFile } from './growingFile'
import { chunksOfLines, linesOf, openWhole } from './lines'
import { projectPaths } from './paths'
import { REDONE, damagedError, openLine } from './seals'

const SUM = /^[0-9a-f]{16}$/
const natural = z.number().int().nonnegative()

/** A measurement whose documents lie in the file beside. */
const PlacedSchema = z.strictObject({
  ...MeasurementSchema.omit({ nats: true }).shape,
  /** Values of the file that lie ahead of its own. */
  at: natural,
  documents: natural,
  /** Of its documents' bytes. */
  sha256: z.string().regex(SUM),
  /** Nats summed over all documents, in their order. */
  total: z.number()
})

const PLACED_KEYS = Object.keys(PlacedSchema.shape).length

/** A line of `measurements.jsonl`. */
export const MeasurementLineSchema = z.union([PlacedSchema, MeasurementSchema])
export type MeasurementLine = z.infer<typeof MeasurementLineSchema>

interface Key {
  model: string
  domain: string
  definition: string
}

/** What is known of a measurement without reading its documents. */
type Entry = (DocumentsPlace & { total: number }) | { nats: number[] }

/** The measurements of a project, on disk; which there are, in memory. */
export class Measurements {
  /** By definition, then model, then domain. */
  readonly #entries = new Map<string, Map<string, Map<string, Entry>>>()
  /** Names of domains, each one string: a project has few, in many lines. */
  readonly #domains = new Map<string, string>()
  readonly #documents: DocumentNats
  #files: { log: LineLog; values: GrowingFile } | null = null
  #size = 0

  private constructor(documents: DocumentNats) {
    this.#documents = documents
  }

  /**
   * Reads what is there. A torn last line is dropped; it is measured again. Documents are read, and
   * held against their checksum, when they are asked for.
   *
   * @param options `readOnly`: nothing will be added
   * @throws WorkbenchError `storage/corrupt` where a line is not what was written, or where the file
   *   of documents ends before what lines name
   */
  static async open(project: string, options: { readOnly?: boolean } = {}): Promise<Measurements> {
    const documents = new DocumentNats(projectPaths.documentNats(project))
    const measurements = new Measurements(documents)
    const last = await measurements.#read(projectPaths.measurements(project))
    if (last && last.at + last.documents > documents.size) {
      const found = `${documents.size * FLOAT64_BYTES} bytes`
      throw damagedError(documents.path, { expected: placeInWords(last), found }, REDONE)
    }
    if (!options.readOnly) await measurements.#openFiles(project)
    return measurements
  }

  /** How many there are: it only grows. */
  get size(): number {
    return this.#size
  }

  /** True where a model was measured so; nothing is read. */
  has(model: string, domain: string, definition: string): boolean {
    return this.#entry({ model, domain, definition }) !== undefined
  }

  /**
   * A measurement, its documents read from the disk.
   *
   * @throws WorkbenchError `storage/corrupt` where they are not what was written
   */
  find(model: string, domain: string, definition: string): Measurement | null {
    const key = { model, domain, definition }
    const entry = this.#entry(key)
    if (!entry) return null
    return { ...key, nats: 'nats' in entry ? entry.nats : this.#documents.read(entry) }
  }

  /** Nats summed over all documents, in their order; null where it was not measured. */
  totalOf(model: string, domain: string, definition: string): number | null {
    const entry = this.#entry({ model, domain, definition })
    if (!entry) return null
    return 'nats' in entry ? sum(entry.nats) : entry.total
  }

  /** Stores measurements; on disk when the promise resolves. */
  async add(measurements: readonly Measurement[]): Promise<void> {
    if (!this.#files) throw new Error('measurements opened read-only are not written')
    if (measurements.length === 0) return
    const { log, values } = this.#files
    const totals = measurements.map(({ nats }) => sum(nats))
    if (!totals.every(Number.isFinite)) throw new Error('nats that are no numbers are not stored')
    const parts = measurements.map(({ nats }) => new Uint8Array(Float64Array.from(nats).buffer))
    // Documents first: a line is a promise that they are there.
    let at = (await values.append(Buffer.concat(parts), FLOAT64_BYTES)) / FLOAT64_BYTES
    const lines = measurements.map(({ nats, ...key }, i) => {
      const line = { documents: nats.length, sha256: sumOfBytes(parts[i]!), total: totals[i]! }
      const placed = { ...key, at, ...line }
      at += nats.length
      return placed
    })
    await log.append(lines)
    for (const line of lines) this.#keep(line)
  }

  async close(): Promise<void> {
    this.#documents.close()
    await this.#files?.log.close()
    await this.#files?.values.close()
  }

  /** @returns the measurement whose documents lie last */
  async #read(path: string): Promise<DocumentsPlace | null> {
    let last: DocumentsPlace | null = null
    for await (const chunk of chunksOfLines(path)) {
      for (const line of chunk) {
        const opened = openWhole(path, line)
        const known = opened && lineOf(opened.value)
        if (!known) continue
        this.#keep(known)
        if (!('at' in known) || known.documents === 0) continue
        if (!last || known.at >= last.at) last = known
      }
    }
    return last
  }

  async #openFiles(project: string): Promise<void> {
    const values = await openGrowing(projectPaths.documentNats(project))
    try {
      this.#files = { values, log: await LineLog.open(projectPaths.measurements(project)) }
    } catch (error) {
      await values.close()
      throw error
    }
  }

  #keep(line: MeasurementLine): void {
    const { model, definition, domain } = line
    const models = placeIn(this.#entries, definition, () => new Map<string, Map<string, Entry>>())
    const domains = placeIn(models, model, () => new Map<string, Entry>())
    const name = placeIn(this.#domains, domain, () => domain)
    if (!domains.has(name)) this.#size++
    domains.set(name, entryOf(line))
  }

  #entry({ model, domain, definition }: Key): Entry | undefined {
    return this.#entries.get(definition)?.get(model)?.get(domain)
  }
}

/** Lines that are what was written and whose documents are, as they were. */
export async function soundMeasurements(project: string): Promise<string> {
  const documents = new DocumentNats(projectPaths.documentNats(project))
  const kept: string[] = []
  try {
    for await (const { text, isWhole } of linesOf(projectPaths.measurements(project))) {
      const opened = openLine(text)
      if (!isWhole || opened.state === 'damaged') continue
      const { data } = MeasurementLineSchema.safeParse(opened.value)
      const isLost = data && 'at' in data && documents.faultAt(data) !== null
      if (!isLost) kept.push(text + '\n')
    }
  } finally {
    documents.close()
  }
  return kept.join('')
}

/**
 * A line as {@link MeasurementLineSchema} takes it; null for what it does not. The schema alone takes
 * a third of the time in which 250,000 lines are read.
 */
export function lineOf(value: unknown): MeasurementLine | null {
  const line = value as Partial<z.infer<typeof PlacedSchema>> | null
  if (typeof line === 'object' && line !== null && isPlaced(line)) return line
  return MeasurementLineSchema.safeParse(value).data ?? null
}

function isPlaced(
  line: Partial<z.infer<typeof PlacedSchema>>
): line is z.infer<typeof PlacedSchema> {
  const { model, domain, definition, at, documents, sha256, total } = line
  return (
    [model, domain, definition].every((one) => typeof one === 'string') &&
    [at, documents].every((one) => Number.isSafeInteger(one) && one! >= 0) &&
    typeof sha256 === 'string' &&
    SUM.test(sha256) &&
    Number.isFinite(total) &&
    Object.keys(line).length === PLACED_KEYS
  )
}

function entryOf(line: MeasurementLine): Entry {
  if ('nats' in line) return { nats: line.nats }
  const { at, documents, sha256, total } = line
  return { at, documents, sha256, total }
}

function placeIn<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
