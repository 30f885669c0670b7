/** `measurements.jsonl`: every measurement ever made, appended and synced, never rewritten. */
import { createReadStream, existsSync } from 'node:fs'
import { MeasurementSchema } from '#shared/records'
import type { Measurement } from '#shared/records'
import { LineLog } from './files'
import { projectPaths } from './paths'
import { REDONE, damagedError, openLine } from './seals'

function keyOf(measurement: { model: string; domain: string; definition: string }): string {
  return `${measurement.model} ${measurement.domain} ${measurement.definition}`
}

/** The measurements of a project, in memory and on disk. */
export class Measurements {
  readonly #byKey: Map<string, Measurement>
  readonly #log: LineLog | null

  private constructor(byKey: Map<string, Measurement>, log: LineLog | null) {
    this.#byKey = byKey
    this.#log = log
  }

  /**
   * Reads what is there. A torn last line is dropped; it is measured again.
   *
   * @param options `readOnly`: nothing will be added
   * @throws WorkbenchError `storage/corrupt` where a line is not what was written
   */
  static async open(project: string, options: { readOnly?: boolean } = {}): Promise<Measurements> {
    const path = projectPaths.measurements(project)
    const byKey = new Map<string, Measurement>()
    for await (const line of readLines(path)) {
      const parsed = MeasurementSchema.safeParse(line)
      if (parsed.success) byKey.set(keyOf(parsed.data), parsed.data)
    }
    const log = options.readOnly ? null : await LineLog.open(path)
    return new Measurements(byKey, log)
  }

  /** How many there are: it only grows. */
  get size(): number {
    return this.#byKey.size
  }

  find(model: string, domain: string, definition: string): Measurement | null {
    return this.#byKey.get(keyOf({ model, domain, definition })) ?? null
  }

  /** Stores measurements; on disk when the promise resolves. */
  async add(measurements: readonly Measurement[]): Promise<void> {
    if (!this.#log) throw new Error('measurements opened read-only are not written')
    await this.#log.append(measurements)
    for (const measurement of measurements) this.#byKey.set(keyOf(measurement), measurement)
  }

  async close(): Promise<void> {
    await this.#log?.close()
  }
}

/**
 * Reads a file of JSON lines. Lines of earlier versions have no checksum and are taken as they are; a
 * torn last one is left out.
 *
 * @throws WorkbenchError `storage/corrupt` naming the line that is not what was written
 */
export async function* readLines(path: string): AsyncGenerator<unknown> {
  for await (const { text, number, isWhole } of linesOf(path)) {
    const opened = openLine(text)
    if (opened.state !== 'damaged') yield opened.value
    else if (isWhole) throw damagedError(`${path}, line ${number},`, opened, REDONE)
  }
}

/** A line of a file; `isWhole`: it ends with its newline. */
export interface FileLine {
  text: string
  /** From 1. */
  number: number
  isWhole: boolean
}

/** Lines of a file that are not empty; none where it is not there. */
export async function* linesOf(path: string): AsyncGenerator<FileLine> {
  if (!existsSync(path)) return
  let rest = ''
  let number = 0
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const text of lines) {
      number++
      if (text !== '') yield { text, number, isWhole: true }
    }
  }
  if (rest !== '') yield { text: rest, number: number + 1, isWhole: false }
}
