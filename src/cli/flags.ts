/** Values of flags, read and checked. */
import { bytesFrom } from '#shared/byteSize'
import type { Command } from 'commander'
import { WorkbenchError } from '#shared/errors'
import { TYPED_DTYPES } from '#shared/modelExport'
import type { StoredDtype } from '#shared/modelExport'

/** A flag's value among those allowed. */
export function choice<Value extends string>(
  allowed: readonly Value[],
  value: string,
  flag: string
): Value {
  if (!(allowed as readonly string[]).includes(value)) {
    throw new WorkbenchError(
      'usage/invalid',
      `${flag} wants one of ${allowed.join(', ')}, found "${value}".`,
      { flag, found: value }
    )
  }
  return value as Value
}

/** `--dtype` as the type that weights are stored in. */
export function dtypeFrom(text: string): StoredDtype {
  return TYPED_DTYPES[choice(Object.keys(TYPED_DTYPES), text, '--dtype')]!
}

/** A flag's value as a whole number; `2M` and `50k` are understood. */
export function wholeNumber(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)([kMB]?)$/.exec(text)
  const scale = { '': 1, k: 1e3, M: 1e6, B: 1e9 }[match?.[2] ?? '']
  const value = match && scale ? Number(match[1]) * scale : NaN
  if (!Number.isInteger(value)) {
    throw new WorkbenchError(
      'usage/invalid',
      `${flag} wants a whole number such as 50000, 50k or 2M, found "${text}".`,
      { flag, found: text }
    )
  }
  return value
}

/** A flag's value in bytes of at least one: `2GB`, `500MB`, or a whole number; decimal units. */
export function byteCount(text: string, flag: string): number {
  return bytesFrom(text, flag, 1)
}

/** Flags that name where a task's items have what. */
export interface TaskFlags {
  context: string
  choices: string
  gold: string
  delimiter: string
}

/** Adds the flags of a task's items to a command. */
export function addTaskFlags(command: Command): Command {
  return command
    .option('--context <field>', 'of a task: field that holds the context', 'context')
    .option('--choices <field>', 'of a task: field that holds the answers', 'choices')
    .option('--gold <field>', 'of a task: which is right: its place from 0, or its text', 'gold')
    .option('--delimiter <text>', 'of a task: between context and answer', ' ')
}

/**
 * Adds the `NAME=NUMBER` of one use of a flag, several divided by commas, to those of earlier uses.
 *
 * @throws WorkbenchError `usage/invalid`
 */
export function namedNumbers(
  text: string,
  before: Record<string, number>,
  flag: string
): Record<string, number> {
  const named = text.split(',').map((pair): [string, number] => {
    const match = /^(.+)=(\d+(?:\.\d+)?)$/.exec(pair.trim())
    if (match) return [match[1]!, Number(match[2])]
    throw new WorkbenchError(
      'usage/invalid',
      `${flag} wants names with numbers such as code=2,law=1, found "${pair}".`,
      { flag, found: pair }
    )
  })
  return { ...before, ...Object.fromEntries(named) }
}

/** A flag's value as numbers divided by commas; `-0.5` and `1e-3` are understood. */
export function numberList(text: string, flag: string): number[] {
  return text.split(',').map((part) => {
    const value = part.trim() === '' ? NaN : Number(part)
    if (Number.isFinite(value)) return value
    throw new WorkbenchError('usage/invalid', `${flag} wants numbers, found "${part}".`, {
      flag,
      found: part
    })
  })
}

/** A flag's value as one number. */
export function oneNumber(text: string, flag: string): number {
  const [value, ...more] = numberList(text, flag)
  if (more.length === 0) return value!
  throw new WorkbenchError('usage/invalid', `${flag} wants one number, found "${text}".`, {
    flag,
    found: text
  })
}
