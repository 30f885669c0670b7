/** A trainer of the user's own: the command that trains runs in place of ours. Part of what a run is. */
import { z } from 'zod'

const line = z
  .string()
  .trim()
  .min(1)
  .regex(/^[^\r\n\0]*$/, 'one line, without a line break')

/** What stands for values of a run in a command, and what each is. */
export const TRAINER_VALUES = {
  tokens: 'folder of .npy shards: the run’s sequences, in the order of training',
  init: 'Hugging Face folder of the initial weights',
  order: 'order.json: which sequence of which base unit each row is',
  recipe: 'recipe.json: rates, optimizer, loss',
  out: 'where the trained Hugging Face folder goes; not there yet',
  state: 'folder that stays until the run is finished, for the trainer’s own use',
  steps: 'optimizer steps',
  batch: 'sequences per step',
  micro_batch: 'sequences per forward pass',
  context: 'predicted tokens per sequence, T',
  learning_rate: 'the peak rate',
  warmup: 'steps of warm-up',
  seed: 'the random seed',
  threads: 'processor threads',
  run: 'the run’s name'
} as const
export type TrainerValue = keyof typeof TRAINER_VALUES

const KNOWN = Object.keys(TRAINER_VALUES).map((name) => `{${name}}`)

/** What a shell would do something with; here nothing would, so it is refused unless it is quoted. */
const SHELL_SIGNS = /[|&;<>()$`*?]/

/**
 * Splits a command into its words as a POSIX shell does, and does nothing else that a shell does: no
 * variables, patterns, pipes or substitutions.
 *
 * Blanks separate. Between single quotes all is literal; between double quotes a backslash makes `"`, `\`,
 * `$` and backticks literal; elsewhere it makes any character so.
 *
 * @returns the words, or in words why there are none
 */
export function splitCommand(command: string): { words: string[] } | { problem: string } {
  const words: string[] = []
  let word: string | null = null
  let quote: string | null = null
  for (let at = 0; at < command.length; at++) {
    const sign = command[at]!
    const next = command[at + 1]
    if (quote === "'") {
      if (sign === "'") quote = null
      else word += sign
    } else if (sign === '\\' && (quote === null || (next !== undefined && /["\\$`]/.test(next)))) {
      if (next === undefined) return { problem: 'it ends with a backslash' }
      word = (word ?? '') + next
      at++
    } else if (quote === '"') {
      if (sign === '"') quote = null
      else if (/[$`]/.test(sign)) return { problem: noShell(sign) }
      else word += sign
    } else if (sign === "'" || sign === '"') {
      quote = sign
      word ??= ''
    } else if (/\s/.test(sign)) {
      if (word !== null) words.push(word)
      word = null
    } else if (SHELL_SIGNS.test(sign) || (word === null && /[~#]/.test(sign))) {
      return { problem: noShell(sign) }
    } else {
      word = (word ?? '') + sign
    }
  }
  if (quote !== null) return { problem: `a ${quote} is not closed` }
  if (word !== null) words.push(word)
  return { words }
}

function noShell(sign: string): string {
  return `it holds ${sign}, and no shell reads it: put it between single quotes where it is meant as it stands, or call a script that does what a shell would`
}

/**
 * Puts values in place of `{name}`; each stays within its word, whatever it holds. `{{` is a brace.
 *
 * @returns the words, or in words which name there is no value of
 */
export function fillCommand(
  words: readonly string[],
  values: Readonly<Record<TrainerValue, string>>
): { words: string[] } | { problem: string } {
  const unknown: string[] = []
  const filled = words.map((word) =>
    word.replace(/\{\{|\{([A-Za-z_]\w*)\}/g, (whole, name: string | undefined) => {
      if (name === undefined) return '{'
      if (Object.hasOwn(values, name)) return values[name as TrainerValue]
      unknown.push(whole)
      return whole
    })
  )
  if (unknown.length === 0) return { words: filled }
  const problem = `there is no ${unknown[0]}; there are ${KNOWN.join(', ')}, and {{ for a brace`
  return { problem }
}

/** Why a command cannot be one; null where it can. */
function problemOf(command: string): string | null {
  const split = splitCommand(command)
  if ('problem' in split) return split.problem
  const [program] = split.words
  if (!program) return 'it names no program'
  if (program.includes('/') && !program.startsWith('/')) {
    return `${program} is relative: name the program by its whole path, or by a name that is found in PATH`
  }
  const filled = fillCommand(split.words, TRAINER_VALUES)
  return 'problem' in filled ? filled.problem : null
}

/** The command that trains a study's runs. */
export const TrainerSchema = z.strictObject({
  /** Program and arguments, split by {@link splitCommand}, with values in braces. */
  command: line.superRefine((command, context) => {
    const problem = problemOf(command)
    if (problem !== null) context.addIssue({ code: 'custom', message: problem })
  }),
  /** What trains, and in which version: where it is given it stands for the command in what a run is. */
  version: line.optional(),
  /** Lines of `/bin/sh` before it: modules, environments. */
  setup: z.array(line).default([]),
  /** Where it is called; a folder of the run by default. */
  folder: line.regex(/^\//, 'a whole path').optional(),
  /** Runs that are trained at once. */
  atOnce: z.int().positive().default(1),
  /** From being asked to stop until it is killed. */
  graceSeconds: z.int().min(1).max(3600).default(60)
})
export type TrainerSettings = z.infer<typeof TrainerSchema>

/**
 * What of a trainer a run's fingerprint covers: what the user calls it, else its command. Where and how
 * many at once changes no run.
 */
export function trainerIdentity({ command, version }: TrainerSettings): Record<string, string> {
  return version === undefined ? { command } : { version }
}
