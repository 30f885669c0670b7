/** What a running study meets and outlives: workers that die, and a disk that fills up. */
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ProjectHost } from '#engine/desk/projectHost'
import type { Engine, ProjectSession, StudyEvent } from '#engine'
import type { EngineEvent } from '#shared/contract'
import { builtEngine, tinyProject, tinyStudy } from '../support/builtEngine'
import { temporaryFolder } from '../support/temporaryFolder'

let engine: Engine
beforeAll(() => {
  engine = builtEngine(2)
})
afterAll(() => engine.close())

let undisturbed: Promise<Record<string, string[]>> | null = null

/** What a study comes to that is left alone; trained once. */
function whole(): Promise<Record<string, string[]>> {
  return (undisturbed ??= (async () => {
    const session = await tinyProject(engine, join(await temporaryFolder(), 'undisturbed'))
    await session.run(session.study())
    return weightsOf(session)
  })())
}

type RunEvent = Extract<StudyEvent, { kind: 'run' }>

/** Files and hashes of every finished run. */
function weightsOf({ folder }: ProjectSession): Record<string, string[]> {
  const runs = join(folder, 'runs')
  return Object.fromEntries(
    readdirSync(runs).map((run) => {
      const text = readFileSync(join(runs, run, 'manifest.json'), 'utf8')
      const { files } = JSON.parse(text) as { files: { name: string; sha256: string }[] }
      return [run, files.map(({ name, sha256 }) => `${name} ${sha256}`)]
    })
  )
}

/** Worker processes of this one that compute now: they have used most time of late. */
function workerPids(): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
      const isOurs = Number(stat[1]) === process.pid
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8')
      return isOurs && command.includes('workerProcess.cjs') ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

describe('a worker that is killed amid training', () => {
  test('its run is tried again, others live on, and the weights are those of one left alone', async () => {
    const session = await tinyProject(engine, join(await temporaryFolder(), 'killed'))
    const again: RunEvent['record'][] = []
    const killed = new Set<string>()
    const summary = await session.run(session.study(), {
      onEvent: (event) => {
        if (event.kind === 'run' && event.record.state === 'running' && event.record.error) {
          again.push(event.record)
        }
        // The first that is told of a run may come when it is done already: then it is the next one's turn.
        if (event.kind !== 'progress' || event.progress.activity !== 'train') return
        if (again.length > 0 || killed.has(event.key)) return
        killed.add(event.key)
        for (const pid of workerPids()) process.kill(pid, 'SIGKILL')
      }
    })
    expect(killed.size).toBeGreaterThan(0)
    expect(again.length).toBeGreaterThan(0)
    expect(again[0]!.error).toMatchObject({ code: 'worker/died' })
    expect(again[0]!.error!.message).toContain('It is tried again (1 of 2).')
    expect(summary.failed).toEqual([])
    expect(weightsOf(session)).toEqual(await whole())
    expect(session.runs.map(({ state, error }) => [state, error])).toEqual(
      session.runs.map(() => ['done', null])
    )
  })

  test('again and again: the run fails with the reason, the others are trained', async () => {
    const session = await tinyProject(engine, join(await temporaryFolder(), 'doomed'), {
      sequential: { choose: { kind: 'none' } },
      // Steps enough for a try to be killed before it is done.
      branch: { ...tinyStudy().branch, batchSize: 1 }
    })
    const { plan } = await session.plan(session.study())
    const doomed = plan.branches.find(({ name }) => name === 'law#1')!
    const tries: string[] = []
    let before = new Set<number>()
    const one = builtEngine(1)
    await session.close()
    const alone = await one.openProject(session.folder)
    const summary = await alone.run(alone.study(), {
      onEvent: (event) => {
        const isBegun = event.kind === 'run' && event.record.state === 'running'
        if (isBegun && event.record.fingerprint === doomed.fingerprint) {
          tries.push(event.record.error?.message ?? 'begun')
          before = new Set()
        }
        // One worker trains; it is killed once per try.
        if (event.kind !== 'progress' || event.key !== doomed.fingerprint) return
        for (const pid of workerPids().filter((pid) => !before.has(pid))) {
          before.add(pid)
          process.kill(pid, 'SIGKILL')
        }
      }
    })
    await alone.close()
    await one.close()
    expect(tries).toHaveLength(3)
    expect(summary.failed).toMatchObject([
      { name: 'law#1', code: 'worker/died', message: expect.stringContaining('3 times') as string }
    ])
    const others = alone.runs.filter(({ fingerprint }) => fingerprint !== doomed.fingerprint)
    expect(others.length).toBeGreaterThan(2)
    expect(others.every(({ state }) => state === 'done')).toBe(true)
  })
})

describe('a disk that fills up', () => {
  test('below the floor what trains saves and stops, nothing is begun, and it goes on by itself', async () => {
    const session = await tinyProject(engine, join(await temporaryFolder(), 'low'))
    const disk = { free: 1e12 }
    const events: StudyEvent[] = []
    let wasLow = false
    const summary = await session.run(session.study(), {
      disk: { free: () => Promise.resolve(disk.free), floorBytes: 1e9, everyMs: 5 },
      onEvent: (event) => {
        events.push(event)
        const isAmid = event.kind === 'progress' && event.progress.done > 0
        if (isAmid && !wasLow) {
          wasLow = true
          disk.free = 3e8
        }
        if (event.kind !== 'disk' || !event.waiting) return
        const since = events.length
        // Long enough for runs to be begun, if they were.
        setTimeout(() => {
          // A run that was done before it heard of the disk stopped nothing: it is the next one's turn.
          const isStopped = (event: StudyEvent) =>
            event.kind === 'run' && event.record.state === 'stopped'
          wasLow = events.slice(since).some(isStopped)
          disk.free = 1e12
        }, 500)
      }
    })
    const told = events.flatMap((event) => (event.kind === 'disk' ? [event.waiting] : []))
    expect(told.slice(-2)).toEqual([{ freeBytes: 3e8, floorBytes: 1e9 }, null])
    const from = events.findLastIndex((event) => event.kind === 'disk' && event.waiting !== null)
    const to = events.findLastIndex((event) => event.kind === 'disk')
    const meanwhile = events
      .slice(from, to)
      .flatMap((event) => (event.kind === 'run' ? [event.record.state] : []))
    expect(meanwhile).toContain('stopped')
    expect(meanwhile).not.toContain('running')
    expect(summary).toMatchObject({ failed: [], wasStopped: false })
    expect(weightsOf(session)).toEqual(await whole())
  })

  test.each([
    ['trained', true],
    ['prepared', false]
  ])(
    'a disk that is full in truth before anything is %s is waited for, and told',
    async (_, isPrepared) => {
      const disk = join(await temporaryFolder(), 'disk')
      await mkdir(disk)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk])
      const session = await tinyProject(engine, join(disk, 'project'))
      const host = await ProjectHost.over(session)
      const filler = join(disk, 'filler')
      try {
        const study = session.study()
        if (isPrepared) await session.prepare(study)
        const { bavail, bsize } = await statfs(disk)
        const events: EngineEvent[] = []
        const ended = new Promise<EngineEvent>((resolve) => {
          host.onEvent((event) => {
            events.push(event)
            if (event.kind === 'study' && event.state !== 'running') resolve(event)
          })
        })
        await writeFile(filler, Buffer.alloc(bavail * bsize - 2_500_000))
        await host.runStudy({ study: study.name })
        await expect
          .poll(async () => (await host.readProject()).lowDisk, { timeout: 20_000 })
          .toMatchObject({ floorBytes: (64 * 2 ** 20) / 20 })
        await rm(filler)
        expect(await ended).toMatchObject({ state: 'done', message: null })
        expect((await host.readProject()).lowDisk).toBe(null)
        expect(weightsOf(session)).toEqual(await whole())
      } finally {
        await host.close()
        execFileSync('umount', ['--lazy', disk])
      }
    }
  )

  test('what certainly does not fit is refused before anything is trained, with the numbers', async () => {
    const session = await tinyProject(engine, join(await temporaryFolder(), 'small'))
    const study = session.study()
    const begun: StudyEvent[] = []
    await expect(
      session.run(study, {
        disk: { free: () => Promise.resolve(50_000), floorBytes: 0 },
        onEvent: (event) => begun.push(event)
      })
    ).rejects.toMatchObject({
      code: 'storage/disk-full',
      details: { free: 50_000, needed: expect.any(Number) as number }
    })
    expect(begun).toEqual([])
    // What was forecast is what is there in the end, but for the small files around the weights.
    const { diskBytes, freeDiskBytes } = await session.cost(study)
    expect(freeDiskBytes).toBeGreaterThan(diskBytes)
  })
})

test('a branch that diverges is in no merge; at a lower rate the study comes to its end', async () => {
  const wild = { ...tinyStudy().branch, peakLearningRate: 1e30, gradientClip: null }
  const sequential = { choose: { kind: 'none' as const } }
  const session = await tinyProject(engine, join(await temporaryFolder(), 'wild'), {
    branch: wild,
    sequential
  })
  const { plan, prepared } = await session.plan(session.study())
  const summary = await session.run(session.study())
  const branches = plan.branches.map(({ name }) => name).sort()
  expect(summary.failed.map(({ name }) => name).sort()).toEqual(branches)
  for (const { code, message } of summary.failed) {
    expect([code, message]).toEqual([
      'run/diverged',
      expect.stringMatching(/diverged (at|by) step \d+: .* Nothing was saved before\./)
    ])
  }
  // The seed alone is measured: no merge has a branch that it could be made of.
  const lines = (await readFile(join(session.folder, 'measurements.jsonl'), 'utf8')).trim()
  const models = lines.split('\n').map((line) => (JSON.parse(line) as { model: string }).model)
  expect(new Set(models)).toEqual(new Set([plan.seed!.fingerprint]))
  expect(models).toHaveLength(prepared.domains.length)

  await session.saveStudy(tinyStudy({ sequential }))
  const again = await session.run(session.study())
  expect(again).toMatchObject({ trained: branches.length, failed: [] })
})

test('what a study keeps on disk is what was forecast', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'forecast'))
  await session.prepare(session.study())
  const host = await ProjectHost.over(session)
  const { name } = session.study()
  const { disk } = (await host.readCost({ study: name, estimate: false }))!
  await session.run(session.study())
  let tensors = 0
  for (const run of readdirSync(join(session.folder, 'runs'))) {
    const manifest = await readFile(join(session.folder, 'runs', run, 'manifest.json'), 'utf8')
    const { files } = JSON.parse(manifest) as { files: { name: string; bytes: number }[] }
    for (const file of files) if (file.name.endsWith('.safetensors')) tensors += file.bytes
  }
  // Each file begins with a list of its tensors.
  expect(disk.neededBytes).toBeLessThanOrEqual(tensors)
  expect(disk.neededBytes).toBeGreaterThan(0.9 * tensors)
  await host.close()
})
