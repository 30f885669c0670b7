/** `measurements.jsonl`: every measurement ever made, appended and synced, never rewritten. */
import { createReadStream, existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { MeasurementSchema } from '#shared/records'
import type { Measurement } from '#shared/records'
import { LineLog } from './files'
import { projectPaths } from './paths'

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
   */
  static async open(project: string, options: { readOnly?: boolean } = {}): Promise<Measurements> {
    const path = projectPaths.measurements(project)
    const log = options.readOnly ? null : await LineLog.open(path)
    const byKey = new Map<string, Measurement>()
    for await (const line of readLines(path)) {
      const parsed = MeasurementSchema.safeParse(line)
      if (parsed.success) byKey.set(keyOf(parsed.data), parsed.data)
    }
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

/** Reads a file of JSON lines; lines that do not parse (a torn last one) are left out. */
export async function* readLines(path: string): AsyncGenerator<unknown> {
  if (!existsSync(path)) return
  for await (const line of createInterface({ input: createReadStream(path, 'utf8') })) {
    if (line === '') continue
    try {
      yield JSON.parse(line) as unknown
    } catch {
      continue
    }
  }
}
