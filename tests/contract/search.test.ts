import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '#engine'
import { ProjectHost } from '#engine/desk/projectHost'
import type { EngineEvent } from '#shared/contract'
import type { SearchRequest } from '#shared/mixtureSearch'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { temporaryFolder } from '../support/temporaryFolder'

const request: SearchRequest = {
  over: 'subsets',
  target: {},
  second: null,
  atMost: {},
  atLeast: {},
  noMore: {},
  sizes: null,
  tokens: null,
  repeat: null,
  limit: 5,
  rescore: 0
}

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

test('a search of an open project tells how far it is, is stopped, and measures merges when asked', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'))
  await session.run(session.study())
  const host = await ProjectHost.over(session)
  const study = session.study().name
  const events: EngineEvent[] = []
  host.onEvent((event) => events.push(event))
  const told = () => events.flatMap((event) => (event.kind === 'progress' ? [event] : []))

  const stopped = host.searchMixtures({ study, request })
  expect(host.isBusy).toBe(true)
  expect(() => host.searchMixtures({ study, request })).toThrow(/goes on already/)
  await host.stopSearch({})
  expect(await stopped).toEqual({ found: null })
  expect([host.isBusy, events.at(-1)]).toEqual([false, { kind: 'ended', key: 'search' }])

  const { found } = await host.searchMixtures({ study, request: { ...request, rescore: 2 } })
  expect(told().map(({ key }) => key)).toContain('search')
  expect(found!.rescored.map(({ mixture }) => mixture)).toEqual(
    found!.best.slice(0, 2).map(({ mixture }) => mixture)
  )
  // One branch alone is its own merge; more are not their ensemble.
  for (const [place, { target }] of found!.rescored.entries()) {
    const { shares, target: ensemble } = found!.best[place]!
    const difference = Math.abs(target.confirm! - ensemble.confirm!)
    if (Object.keys(shares).length === 1) expect(difference).toBeLessThan(1e-4)
    else expect(difference).toBeGreaterThan(1e-4)
  }
  await host.close()
})
