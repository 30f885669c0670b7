import fc from 'fast-check'
import { expect, test } from 'vitest'
import { found } from '../../../src/renderer/state/actions'

const action = (name: string, blocked: string | null = null) => ({ name, blocked })

test('a search finds names that hold its letters in order, the closest first', () => {
  const actions = [action('Show mixtures'), action('Run the study'), action('Redo'), action('Undo')]
  const names = (search: string) => found(actions, search).map(({ name }) => name)
  expect(names('run')).toEqual(['Run the study'])
  expect(names('rs')).toEqual(['Run the study', 'Show mixtures'])
  expect(names('DO')).toEqual(['Redo', 'Undo'])
  expect(names('xyz')).toEqual([])
})

test('what cannot be done now comes last', () => {
  const actions = [action('Stop the study', 'nothing runs'), action('Run the study')]
  expect(found(actions, 'study').map(({ name }) => name)).toEqual([
    'Run the study',
    'Stop the study'
  ])
})

test('an empty search finds everything, a name finds itself', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (names) => {
      const actions = names.map((name) => action(name))
      expect(found(actions, '').length).toBe(names.length)
      expect(found(actions, names[0]!).map(({ name }) => name)).toContain(names[0])
    })
  )
})
