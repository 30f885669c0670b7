import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { HostLog } from '#engine/hostLog'

test('the last five hundred lines are kept, numbered on', () => {
  const log = new HostLog()
  for (let i = 1; i <= 510; i++) log.add('info', null, `line ${i}`)
  expect(log.lines).toHaveLength(500)
  expect([log.lines[0]!.number, log.lines.at(-1)!.text]).toEqual([11, 'line 510'])
})

test('a refused call is a warning with its project and code, a bug an error with where it arose', () => {
  const log = new HostLog()
  const error = { code: 'run/unknown' as const, message: 'No run.', details: { run: 'x' } }
  log.addRefusal('speeches', 'holdRun', { ...error, stack: 'at y', cause: null })
  log.addRefusal(null, 'readLog', {
    ...error,
    code: 'bug',
    details: {},
    stack: 'at y',
    cause: null
  })
  expect(
    log.lines.map(({ level, project, text, details }) => [level, project, text, details])
  ).toEqual([
    ['warning', 'speeches', 'holdRun: No run.', 'run/unknown\nrun: x'],
    ['error', null, 'readLog: No run.', 'bug\nat y']
  ])
})

test('a study that ends is told with its message; progress is not', () => {
  const log = new HostLog()
  log.addEvent('speeches', {
    kind: 'study',
    study: 'small',
    state: 'failed',
    message: 'law#1: full'
  })
  log.addEvent('speeches', { kind: 'ended', key: 'x' })
  expect(
    log.lines.map(({ level, project, text, details }) => [level, project, text, details])
  ).toEqual([['error', 'speeches', 'The study small failed', 'law#1: full']])
})

test('a promise that failed unheard is an error with where it arose, and ends nothing', () => {
  const log = new HostLog()
  const source = new EventEmitter()
  log.hearRejections(source)
  source.emit('unhandledRejection', new Error('nobody listens'))
  source.emit('unhandledRejection', undefined)
  expect(log.lines).toMatchObject([
    { level: 'error', text: 'Something failed unheard: nobody listens' },
    { level: 'error' }
  ])
  expect(log.lines[0]!.details).toContain('hostLog.test')
})
