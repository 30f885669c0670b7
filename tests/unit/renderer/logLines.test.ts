import { expect, test } from 'vitest'
import type { LogLine } from '#shared/machine'
import { isOfSeveral, logCsv } from '../../../src/renderer/state/logLines'

function line(project: string | null, text: string): LogLine {
  return { number: 1, at: '2026-01-01T00:00:00.000Z', level: 'info', project, text, details: null }
}

test('lines of one project and of none do not have to say of which they are', () => {
  expect(isOfSeveral([line('a', 'x'), line(null, 'y'), line('a', 'z')])).toBe(false)
  expect(isOfSeveral([line('a', 'x'), line('b', 'y')])).toBe(true)
})

test('copied lines name their project, and keep what was said in one cell', () => {
  expect(logCsv([line('a', 'Said "so", twice'), line(null, 'Nothing')])).toBe(
    'at,level,project,text,details\r\n' +
      '2026-01-01T00:00:00.000Z,info,a,"Said ""so"", twice",\r\n' +
      '2026-01-01T00:00:00.000Z,info,,Nothing,\r\n'
  )
})
