import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '#engine'
import { ProjectHost } from '#engine/desk/projectHost'
import { SeriesPreviewSchema, SeriesReadingSchema } from '#shared/seriesView'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { temporaryFolder } from '../support/temporaryFolder'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

test('a series is previewed without a trace, added so that it can be undone, and read once it ran', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'))
  const host = await ProjectHost.over(session)
  const study = session.study().name
  const request = { kind: 'branch-rate' as const, values: [0.001, 0.002] }
  const names = () => session.studies.map(({ name }) => name)

  // Nothing is prepared or saved by looking; settings that cannot be had say why.
  const early = SeriesPreviewSchema.parse(await host.previewSeries({ study, request }))
  expect([early.problem, early.isExact, names().length]).toEqual([null, false, 1])
  expect(await session.findPrepared(session.study())).toBeNull()
  const wrong = await host.previewSeries({ study, request: { ...request, values: [7] } })
  expect(wrong).toEqual({
    problem: expect.stringContaining('a learning rate is above 0') as string,
    demand: null,
    isExact: false
  })
  await expect(
    host.addSeries({ study, request: { ...request, values: [7] } })
  ).rejects.toMatchObject({ code: 'usage/invalid' })
  const none = await host.readSeries({ study, kind: 'branch-rate' })
  expect([none.result, none.problem]).toEqual([null, expect.stringContaining('no series')])

  // What the study itself trained is shared, and what two settings share is counted once.
  await session.run(session.study())
  const { demand, isExact } = await host.previewSeries({ study, request })
  const [first, second] = demand!.studies
  expect([isExact, first!.setting, second!.setting]).toEqual([true, 0.001, 0.002])
  expect(first!.runsLeft).toBeLessThan(first!.runs)
  expect(demand!.runsLeft).toBe(first!.runsLeft + second!.runsLeft)
  const added = await host.addSeries({ study, request })
  expect(names()).toEqual([study, ...added.studies])
  // What is there is left as it is: there is nothing more to undo.
  await host.addSeries({ study, request })
  await host.undoEdit({})
  expect(names()).toEqual([study, added.studies[0]])
  await host.redoEdit({})

  const ran = await session.run(session.study(added.studies[0]))
  expect(ran.trained).toBe(first!.runsLeft)
  const reading = SeriesReadingSchema.parse(await host.readSeries({ study, kind: 'branch-rate' }))
  // Of the other setting only what it shares is there.
  const [done, left] = reading.result!.rows
  expect([done!.setting, done!.runsLeft, done!.branchGain]).toEqual([0.001, 0, expect.any(Number)])
  expect([left!.setting, left!.runsLeft, left!.branchGain]).toEqual([0.002, second!.runsLeft, null])
  expect(reading.svg).toMatch(/^<svg [^>]*role="img"/)
  expect(reading.svg).not.toContain('<style>')
  await host.close()
})

test('several studies run one after another; stopping ends the order, and asking again goes on', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'))
  const host = await ProjectHost.over(session)
  const study = session.study().name
  const { studies } = await host.addSeries({
    study,
    request: { kind: 'branch-rate', values: [0.001, 0.002, 0.004], truth: 'none' }
  })
  const news: string[] = []
  const waited: string[][] = []
  let isOver = () => undefined as void
  host.onEvent((event) => {
    if (event.kind !== 'study') return
    news.push(`${event.study} ${event.state}`)
    void host.readProject().then(({ running, waiting }) => {
      waited.push(waiting)
      if (running === null) isOver()
    })
  })
  const order = async (names: string[], afterwards = () => Promise.resolve()) => {
    const over = new Promise<void>((done) => (isOver = done))
    await host.runStudies({ studies: names })
    await afterwards()
    await over
  }
  const [first, second, third] = studies as [string, string, string]

  // Stopped in the first: the others are not begun, and nothing else may run meanwhile.
  await order(studies, async () => {
    await expect(host.runStudy({ study })).rejects.toMatchObject({ code: 'study/running' })
    await host.stopStudy({})
  })
  expect(news.splice(0)).toEqual([`${first} running`, `${first} stopped`])
  expect(waited.splice(0)[0]).toEqual([second, third])

  // Asked again, by whatever of them is left: each trains what it lacks, the seed once.
  await order([first, second])
  expect(news.splice(0)).toEqual([
    `${first} running`,
    `${first} done`,
    `${second} running`,
    `${second} done`
  ])
  expect(waited.splice(0).at(-1)).toEqual([])

  // A study that cannot run says so and keeps the others: they may want what it lacked.
  const broken = {
    ...session.study(),
    name: 'broken',
    unit: { ...session.study().unit, sequences: 1e6 }
  }
  await host.saveStudy({ study: broken })
  const told: (string | null)[] = []
  host.onEvent((event) => event.kind === 'study' && told.push(event.message))
  await order([second, 'broken', third])
  expect(news.splice(0).slice(-2)).toEqual(['broken running', 'broken failed'])
  expect(told.at(-1)).toMatch(
    new RegExp(`^broken: Partition .*one base unit.*\nNot begun: ${third}\\.$`)
  )
  await expect(host.runStudies({ studies: ['none', third] })).rejects.toMatchObject({
    code: 'study/missing'
  })
  await host.close()
})
