/** What a run's own trainer says: how far it is, and the end of its log. */

/** What a line of the trainer's tells. */
export interface CommandNews {
  /** Steps that are done. */
  step?: number
  /** Mean nats per token of the last step's batch. */
  loss?: number
  learningRate?: number
  gradientNorm?: number
  device?: string
}

/** A line is read up to so many characters; a progress bar may never end one. */
const LONGEST_LINE = 1 << 14

/** A launcher may stand before it. */
const BEGINNING = /(?:^|[\s:\]])assay(?=\s)/g
/** One field behind the other: each is read where the one before ends, so that nothing is tried twice. */
const FIELD = /\s+([a-z_]+)=(?:"([^"]*)"(?=\s|$)|(\S+))/y

/**
 * Reads a line such as `assay step=12 loss=3.21 learning_rate=0.001 gradient_norm=0.8 device="H100"`.
 *
 * @returns null where it tells nothing; what is no number is left out
 */
export function readNews(line: string): CommandNews | null {
  const fields = fieldsOf(line.trimEnd())
  if (fields === null) return null
  const number = (name: string) => {
    const text = fields.get(name)
    const value = text === undefined || text === '' ? NaN : Number(text)
    return Number.isFinite(value) ? value : undefined
  }
  const step = number('step')
  const [loss, learningRate, gradientNorm] = ['loss', 'learning_rate', 'gradient_norm'].map(number)
  const device = fields.get('device')
  return {
    ...(step !== undefined && Number.isSafeInteger(step) && step > 0 ? { step } : {}),
    ...(loss === undefined ? {} : { loss }),
    ...(learningRate === undefined ? {} : { learningRate }),
    ...(gradientNorm === undefined ? {} : { gradientNorm }),
    ...(device === undefined ? {} : { device: device.slice(0, 120) })
  }
}

/** What is told to the end of a line; null where something else stands there. */
function fieldsOf(line: string): Map<string, string> | null {
  for (const begin of line.matchAll(BEGINNING)) {
    const fields = new Map<string, string>()
    let at = begin.index + begin[0].length
    for (;;) {
      FIELD.lastIndex = at
      const [all, name, quoted, plain] = FIELD.exec(line) ?? []
      if (all === undefined) break
      fields.set(name!, quoted ?? plain!)
      at += all.length
    }
    if (at === line.length && fields.size > 0) return fields
  }
  return null
}

/** Characters of a log that are kept: of its beginning, and of its end. */
const LOG_BEGINNING = 1 << 16
const LOG_END = 1 << 20

/** What a command said, bounded: the beginning and the end of it. */
export class CommandLog {
  #beginning: string
  #end = ''
  #left = 0
  #line = ''

  /** @param before what an earlier call left */
  constructor(before = '') {
    this.#beginning = ''
    this.#add(before)
  }

  /** Adds what was said; returns what its whole lines tell. */
  add(text: string): CommandNews[] {
    this.#add(text)
    const lines = (this.#line + text).split(/\r\n|\n|\r/)
    this.#line = lines.pop()!.slice(-LONGEST_LINE)
    return lines.flatMap((line) => readNews(line.slice(0, LONGEST_LINE)) ?? [])
  }

  /** All that is kept, as a file has it. */
  get text(): string {
    const gap = this.#left > 0 ? `\n… ${this.#left} characters were left out here …\n` : ''
    return this.#beginning + gap + this.#end
  }

  /** The last lines, for an error. */
  tail(lines = 20, characters = 2000): string {
    const said = (this.#beginning + this.#end).trimEnd()
    return said.split('\n').slice(-lines).join('\n').slice(-characters)
  }

  #add(text: string): void {
    const room = LOG_BEGINNING - this.#beginning.length
    this.#beginning += text.slice(0, Math.max(0, room))
    this.#end += text.slice(Math.max(0, room))
    if (this.#end.length < 2 * LOG_END) return
    this.#left += this.#end.length - LOG_END
    this.#end = this.#end.slice(-LOG_END)
  }
}
