import { expect, test } from 'vitest'
import { settingsFrom } from '../../../src/main/settingsForm'

const usual = { notifies: true, staysAwake: true, whenClosing: 'ask' }

test.each([null, 'keep', {}, { whenClosing: 'explode', notifies: 'no' }, [1]])(
  'what is nothing that can be wished changes nothing: %j',
  (said) => expect(settingsFrom(said)).toEqual(usual)
)

test('a change leaves what it does not say, and nothing else is kept', () => {
  const before = settingsFrom({ whenClosing: 'keep', notifies: false, other: 1 })
  expect(before).toEqual({ ...usual, whenClosing: 'keep', notifies: false })
  expect(settingsFrom({ staysAwake: false }, before)).toEqual({ ...before, staysAwake: false })
})
