import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  TRAINER_VALUES,
  TrainerSchema,
  fillCommand,
  splitCommand,
  trainerIdentity
} from '#shared/trainer'
import type { TrainerValue } from '#shared/trainer'

const values = Object.fromEntries(
  Object.keys(TRAINER_VALUES).map((name) => [name, `<${name}>`])
) as Record<TrainerValue, string>

test.each([
  ['a b  c', ['a', 'b', 'c']],
  [`python '/a b/train.py' --x="y z"`, ['python', '/a b/train.py', '--x=y z']],
  [`a '$(rm -rf /)' "a\\$b\\"c\\\\" d\\ e ''`, ['a', '$(rm -rf /)', 'a$b"c\\', 'd e', '']],
  [`a "b\\c" x~y x#y k=v`, ['a', 'b\\c', 'x~y', 'x#y', 'k=v']]
])('%s is split as a shell does', (command, words) => {
  expect(splitCommand(command)).toEqual({ words })
})

test.each([
  'a | b',
  'a; b',
  'a $HOME',
  'a "$HOME"',
  'a `b`',
  'a > b',
  'a & b',
  'a *.npy',
  'a ~/b',
  'a #b',
  'a (b)'
])('what a shell would do something with is refused, and why is said: %s', (command) => {
  expect(splitCommand(command)).toEqual({
    problem: expect.stringContaining('no shell reads it') as string
  })
})

test.each(['a "b', "a 'b", 'a \\'])('a command that is not whole is refused: %s', (command) => {
  expect(splitCommand(command)).toHaveProperty('problem')
})

test('words that are quoted come out as they were', () => {
  const word = fc.string({ maxLength: 20 })
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (words) => {
      const quoted = words.map((one) => `'${one.replaceAll("'", `'\\''`)}'`).join(' ')
      expect(splitCommand(quoted)).toEqual({ words })
    })
  )
})

test('a value stays within its word, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string(), (run) => {
      const filled = fillCommand(['a', '--name={run}', '{run}'], { ...values, run })
      expect(filled).toEqual({ words: ['a', `--name=${run}`, run] })
    })
  )
})

test('two braces are one, and what is not known is named with what is', () => {
  expect(fillCommand(['{{run} {"a": 1} {out}'], values)).toEqual({
    words: ['{run} {"a": 1} <out>']
  })
  const { problem } = fillCommand(['{weights}'], values) as { problem: string }
  expect(problem).toContain('there is no {weights}; there are {tokens}, {init}')
})

test.each([
  ['', 'command'],
  ['  ', 'command'],
  ['a\nb', 'line break'],
  ["''", 'no program'],
  ['./train.sh', 'relative'],
  ['train --from {checkpoint}', 'no {checkpoint}'],
  ['a | b', 'no shell']
])('the command %j is refused when the study is read', (command, word) => {
  const parsed = TrainerSchema.safeParse({ command })
  expect(parsed.success).toBe(false)
  expect(JSON.stringify(parsed.error?.issues)).toContain(word)
})

test('what a run is is the version where there is one, else the command; nothing else', () => {
  const settings = TrainerSchema.parse({
    command: 'a {out}',
    atOnce: 3,
    setup: ['b'],
    folder: '/c'
  })
  expect(trainerIdentity(settings)).toEqual({ command: 'a {out}' })
  expect(trainerIdentity({ ...settings, version: 'a 1.0' })).toEqual({ version: 'a 1.0' })
})
