/** Lines of `sbatch` options that a user adds: what they set, and which Assay cannot let them set. Pure. */
import type { SlurmSettings } from './executors'

/** An option that a line sets. */
interface SbatchOption {
  /** Its long name as it stands there, which may be cut short. */
  name: string
  value: string
}

const LONG_NAMES: Record<string, string> = {
  a: 'array',
  A: 'account',
  c: 'cpus-per-task',
  e: 'error',
  J: 'job-name',
  M: 'clusters',
  n: 'ntasks',
  N: 'nodes',
  o: 'output',
  p: 'partition',
  q: 'qos',
  t: 'time',
  W: 'wait'
}

/** What elements are found by, and what they are told by: without it nobody would know of them. */
const ASSAYS_OWN = [
  'array',
  'clusters',
  'error',
  'job-name',
  'open-mode',
  'output',
  'parsable',
  'test-only',
  'wait',
  'wrap'
]

/** Options that a setting of its own says. */
const SETTINGS: Partial<Record<string, keyof SlurmSettings>> = {
  account: 'account',
  'cpus-per-task': 'cpus',
  gres: 'gres',
  mem: 'memoryMegabytes',
  partition: 'partition',
  qos: 'qos',
  time: 'timeMinutes'
}

/** Fewer letters stand for too many options. */
const SHORTEST = 3

/** Options of a line, as `sbatch` reads it behind `#SBATCH`. */
function optionsOf(line: string): SbatchOption[] {
  const words = line.match(/#.*|(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? []
  const plain = words
    .filter((word) => !word.startsWith('#'))
    .map((one) => one.replace(/["'\\]/g, ''))
  return plain.flatMap((word, at) => {
    const next = plain[at + 1] ?? ''
    const long = /^--([^=]+)(?:=(.*))?$/.exec(word)
    if (long) return [{ name: long[1]!, value: long[2] ?? next }]
    const short = /^-([A-Za-z])=?(.*)$/.exec(word)
    const name = short && LONG_NAMES[short[1]!]
    return name ? [{ name, value: short[2] === '' ? next : short[2]! }] : []
  })
}

/** True where a line sets one of these options, by any of its names. */
export function setsOption(lines: readonly string[], ...names: string[]): boolean {
  const set = lines.flatMap(optionsOf)
  return names.some((long) => set.some(({ name }) => means(name, long)))
}

function means(name: string, long: string): boolean {
  return name === long || (name.length >= SHORTEST && long.startsWith(name))
}

/** Why a line of options cannot be taken; null where it can. */
export function optionFault(line: string, settings: Partial<SlurmSettings>): string | null {
  for (const { name, value } of optionsOf(line)) {
    if (ASSAYS_OWN.some((long) => means(name, long))) {
      return `--${name} is Assay's own business: elements are found, and told apart, by it. Take it out.`
    }
    const twice = Object.entries(SETTINGS).find(
      ([long, field]) => means(name, long) && settings[field!] !== undefined
    )
    if (twice)
      return `--${name} is said by the setting \`${twice[1]!}\`. Set it there, and take this out.`
    if (means(name, 'signal') && !/^B:(SIG)?USR2@\d+$/.test(value)) {
      return `--${name} must be B:USR2@SECONDS: an element saves its state on that signal alone.`
    }
  }
  return null
}
