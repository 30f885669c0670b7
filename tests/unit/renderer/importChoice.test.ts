import { expect, test } from 'vitest'
import {
  chosenRule,
  chosenTake,
  chosenTask,
  firstChoice,
  taskFieldNames
} from '../../../src/renderer/state/importChoice'
import type { ImportChoice } from '../../../src/renderer/state/importChoice'

const choice = (change: Partial<ImportChoice>): ImportChoice => ({
  ...firstChoice('papers', false),
  ...change
})

test('a folder is cut by its folders, a file is one partition', () => {
  expect(chosenRule(firstChoice('texts', true))).toEqual({ rule: { kind: 'folder' } })
  expect(chosenRule(firstChoice('papers', false))).toEqual({
    rule: { kind: 'one', name: 'papers' }
  })
})

test.each<[Partial<ImportChoice>, ReturnType<typeof chosenRule>]>([
  [{ rule: 'field', field: 'topic' }, { rule: { kind: 'field', field: 'topic' } }],
  [{ rule: 'field' }, { missing: 'Choose the field whose values are the partitions.' }],
  [
    { rule: 'range', field: 'year', ranges: '1970-1999, 2000-2009' },
    {
      rule: {
        kind: 'range',
        field: 'year',
        ranges: [
          { name: '1970-1999', from: 1970, to: 1999 },
          { name: '2000-2009', from: 2000, to: 2009 }
        ]
      }
    }
  ],
  [
    { rule: 'range', field: 'year', ranges: 'the seventies' },
    { missing: 'Write ranges as 1970-1999, 2000-2009.' }
  ],
  [
    { rule: 'condition', conditions: "recent = year > 2010\nlaw = topic = 'law'\n" },
    {
      rule: {
        kind: 'condition',
        conditions: [
          { name: 'recent', sql: 'year > 2010' },
          { name: 'law', sql: "topic = 'law'" }
        ]
      }
    }
  ],
  [
    { rule: 'condition', conditions: 'year' },
    { missing: 'Write one condition per line, as recent = year > 2010.' }
  ],
  // Only training text has partitions to tell apart.
  [{ rule: 'field', field: 'topic', role: 'seed' }, { rule: { kind: 'one', name: 'papers' } }]
])('%j', (change, expected) => {
  expect(chosenRule(choice(change))).toEqual(expected)
})

test.each([
  ['', undefined],
  ['2000000', 2_000_000],
  ['2 000 000', 2_000_000],
  ['2,000,000', 2_000_000],
  ['0', null],
  ['many', null],
  ['1.5', null]
])('tokens to take at most: "%s"', (take, expected) => {
  expect(chosenTake(choice({ take }))).toBe(expected)
})

test('only evaluation text is a task, and its parts may be objects of fields', () => {
  const task = { context: 'question', choices: 'choices', gold: 'answerKey', delimiter: ' ' }
  expect(chosenTask(choice({ role: 'evaluation', isTask: true, task }))).toEqual(task)
  expect(chosenTask(choice({ role: 'training', isTask: true, task }))).toBe(null)
  expect(chosenTask(choice({ role: 'evaluation', task }))).toBe(null)
  const fields = ['question', 'choices.text', 'choices.label']
  expect(taskFieldNames(fields, task)).toEqual([...fields, 'choices', 'answerKey'])
})
