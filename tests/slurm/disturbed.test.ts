/** A run on a cluster that meets all that can happen to it, and comes to what one left alone comes to. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ProjectSession, RunOptions } from '#engine'
import { confirmCommands, readCluster } from '#engine'
import { projectPaths } from '#engine/storage/paths'
import { isRunFinished } from '#engine/storage/runs'
import { lastPoint } from '#engine/storage/traces'
import { Leaving } from '#shared/leaving'
import type { StudyDraft } from '#shared/records'
import { tinyProject } from '../support/builtEngine'
import { useCluster } from '../support/clusterEngine'
import { useOwnConfig } from '../support/ownConfig'
import { isSlurmMissing, until } from '../support/slurmCluster'
import { temporaryFolder } from '../support/temporaryFolder'

describe.skipIf(isSlurmMissing)('on a cluster', () => {
  // What is slowed down needs longer to save its state; how it ended is to be seen still.
  const on = useCluster({ KillWait: 10, MinJobAge: 60 })
  // What is confirmed is kept for the user, not in the project.
  useOwnConfig()

  const recipe = { batchSize: 4, peakLearningRate: 3e-3, schedule: 'constant' as const }
  const ofSteps = (steps: number) => ({
    seed: { source: 'text' as const, corpus: 'seed', tokenBudget: 16 * 4 * steps, recipe },
    sequential: { choose: { kind: 'none' as const } }
  })
  const slow = ofSteps(6000)

  const weightsOf = ({ folder }: ProjectSession, run: string) => {
    const text = readFileSync(projectPaths.manifest(folder, run), 'utf8')
    const { files } = JSON.parse(text) as { files: { name: string; sha256: string }[] }
    return files.map(({ name, sha256 }) => `${name} ${sha256}`)
  }

  /** The process that trains a run, as its claim has it. */
  const trainerOf = (folder: string, run: string) => {
    const { pid } = JSON.parse(readFileSync(projectPaths.claim(folder, run), 'utf8')) as {
      pid: number
    }
    return pid
  }

  /** Arrays that were ever submitted while a function worked: their names in the queue. */
  const names = new Set<string>()
  const stepsOf = async (folder: string, run: string) => (await lastPoint(folder, run))?.step ?? 0

  /** Waits until the run has got further than it was. */
  const further = async (folder: string, run: string, than = 0) => {
    await until('the run to get further', async () => {
      for (const { name } of on.cluster.queue()) names.add(name)
      return (await stepsOf(folder, run)) > than
    })
    return stepsOf(folder, run)
  }

  /** The seed of a study, and its weights where nothing disturbs it. */
  async function undisturbed(change: Partial<StudyDraft>) {
    const session = await tinyProject(on.engine, join(await temporaryFolder(), 'a'), change)
    const seed = (await session.plan(session.study())).plan.seed!.fingerprint
    await session.run(session.study(), { signal: stopAfter(session, seed) })
    return { seed, weights: weightsOf(session, seed) }
  }

  test('a head that is killed, a warning, a controller that dies, closing and stopping change no weight', async () => {
    const { seed, weights } = await undisturbed(slow)
    const folder = join(await temporaryFolder(), 'b')
    const first = await tinyProject(on.engine, folder, {
      ...slow,
      executor: { kind: 'slurm' as const, partition: 'spare' }
    })
    await first.prepare(first.study())
    await first.close()

    // A head that is killed amid the run.
    const head = spawn(process.execPath, [resolve('out/main/cli.cjs'), 'run', folder])
    let steps = await further(folder, seed)
    const killed = once(head, 'exit')
    head.kill('SIGKILL')
    await killed
    const session = await on.engine.openProject(folder)
    try {
      // The next one finds the element, and submits no other.
      let words = ''
      const go = (signal: AbortSignal) =>
        session.run(session.study(), {
          signal,
          onEvent: (event) => {
            if (event.kind === 'progress') words = event.progress.detail ?? ''
          }
        } satisfies RunOptions)
      let stop = new AbortController()
      let going = go(stop.signal)
      steps = await further(folder, seed, steps)
      expect(names.size).toBe(1)

      // Its time is nearly up: it saves, leaves, and goes on.
      const [element] = on.cluster.queue()
      on.cluster.call('scancel', '--signal=USR2', '--batch', element!.job)
      await until('the element to wait again', () => on.cluster.queue()[0]?.state === 'PENDING')
      expect(existsSync(projectPaths.resume(folder, seed))).toBe(true)
      steps = await further(folder, seed, await stepsOf(folder, seed))

      // Another partition's job takes the place: it is put back, and goes on.
      on.cluster.call(
        'sbatch',
        '-p',
        'main',
        '-N2',
        '--exclusive',
        '-o',
        '/dev/null',
        '--wrap',
        'sleep 1'
      )
      // It stands still while only Slurm has something to do: a fast machine would train to the end.
      await still(trainerOf(folder, seed), () =>
        until('the element to be told to give way', () => {
          const told = on.cluster.call('scontrol', 'show', 'job', element!.job)
          return !(told.includes('JobState=RUNNING') && told.includes(' PreemptTime=None'))
        })
      )
      await until('the element to be preempted', () => {
        if (isRunFinished(folder, seed)) throw new Error('it was faster')
        return on.cluster.queue().some(({ name, state }) => names.has(name) && state === 'PENDING')
      })
      steps = await stepsOf(folder, seed)
      steps = await further(folder, seed, steps)

      // The controller dies: nothing is failed, and it is said.
      await still(trainerOf(folder, seed), async () => {
        await on.cluster.killController()
        await until('the words of it', () => words.includes('does not answer'))
        await on.cluster.startController()
      })
      steps = await further(folder, seed, steps)

      // Assay is closed: the element goes on, and the next run takes it up.
      stop.abort(new Leaving())
      expect(await going).toMatchObject({ wasStopped: true, failed: [] })
      expect(on.cluster.queue().some(({ name }) => names.has(name))).toBe(true)
      stop = new AbortController()
      going = go(stop.signal)
      steps = await further(folder, seed, steps)
      expect([...names].filter((name) => name.startsWith('assay-'))).toHaveLength(1)
      // A controller that came back may put the element back once more before it believes that it runs.
      let { elements } = await readCluster(session, session.study())
      await still(trainerOf(folder, seed), () =>
        until('it to be shown', async () => {
          elements = (await readCluster(session, session.study())).elements
          return elements[0]?.state === 'running'
        })
      )
      expect(elements).toMatchObject([{ labels: ['seed'], kind: 'train' }])
      expect(elements[0]!.share).toBeGreaterThan(0)

      // The user stops it: it saves its state and leaves the queue.
      stop.abort(new Error('stopped by the user'))
      expect(await going).toMatchObject({ wasStopped: true, failed: [] })
      await until('an empty queue', () => on.cluster.queue().length === 0)
      expect(session.runs[0]).toMatchObject({ state: 'stopped' })
      expect(isRunFinished(folder, seed)).toBe(false)

      // And goes on.
      await session.run(session.study(), { signal: stopAfter(session, seed) })
      expect(weightsOf(session, seed)).toEqual(weights)
      expect(existsSync(projectPaths.claim(folder, seed))).toBe(false)
      expect(
        readdirSync(join(folder, 'runs', seed)).filter((one) => one.includes('draft'))
      ).toEqual([])
    } finally {
      await session.close()
    }
  }, 600_000)

  // Slurm looks at time limits every 30 s: all three wait for the same look.
  test('a warned element goes on; one that its limit ends goes on from what it saved, or begins again', async () => {
    const study = ofSteps(2500)
    const { seed, weights } = await undisturbed(study)
    const warned = async () => {
      // Its container knows nothing of Slurm: the shell around it puts it back.
      const container = 'env PATH=/nowhere'
      const { session, folder, element, going } = await begun(study, { container })
      await further(folder, seed)
      on.cluster.call('scontrol', 'update', `JobId=${element}`, 'EndTime=now+75')
      await slowed(trainerOf(folder, seed), () => stateOf(element), ['PENDING'])
      expect(existsSync(projectPaths.resume(folder, seed))).toBe(true)
      allow(element)
      expect(await going).toMatchObject({ failed: [] })
      expect(weightsOf(session, seed)).toEqual(weights)
    }
    const limited = async () => {
      const { session, folder, element, going, lost } = await begun(study)
      await further(folder, seed)
      on.cluster.call('scontrol', 'update', `JobId=${element}`, 'EndTime=now+1')
      // It is warned at the same look: it may put itself back before its end is told.
      await slowed(trainerOf(folder, seed), () => stateOf(element), ['TIMEOUT', 'PENDING'])
      expect(existsSync(projectPaths.resume(folder, seed))).toBe(true)
      if (stateOf(element) === 'PENDING') allow(element)
      expect(await going).toMatchObject({ failed: [] })
      expect(weightsOf(session, seed)).toEqual(weights)
      // It got further: that was no try in vain.
      expect(lost).toEqual([])
    }
    const hung = async () => {
      const mark = join(await temporaryFolder(), 'mark')
      const hang = `mkdir ${mark} 2>/dev/null && { trap '' TERM USR2; while :; do sleep 1; done; }`
      const { folder, element, going, lost } = await begun(ofSteps(100), { setup: [hang] })
      await until('it to hang', () => existsSync(mark))
      on.cluster.call('scontrol', 'update', `JobId=${element}`, 'EndTime=now+1')
      expect(await going).toMatchObject({ failed: [] })
      expect(lost).toEqual([expect.stringMatching(/its time was up.*tried again \(1 of 2\)/s)])
      expect(readdirSync(join(folder, 'cluster'))).toEqual([])
    }
    await Promise.all([warned(), limited(), hung()])
  }, 600_000)

  /** A study whose seed runs on the cluster, until that is trained. */
  async function begun(change: Partial<StudyDraft>, settings: object = {}) {
    const folder = join(await temporaryFolder(), 'c')
    const executor = { kind: 'slurm' as const, ...settings }
    const session = await tinyProject(on.engine, folder, { ...change, executor })
    await session.prepare(session.study())
    await confirmCommands(folder, session.study())
    const seed = (await session.plan(session.study())).plan.seed!.fingerprint
    const lost: string[] = []
    const going = session.run(session.study(), {
      signal: stopAfter(session, seed),
      onEvent: (event) => {
        if (event.kind === 'run' && event.record.error) lost.push(event.record.error.message)
      }
    })
    const job = async () => (await readCluster(session, session.study())).elements[0]?.job
    await until('its element', async () => (await job()) !== undefined && (await job()) !== null)
    const element = (await job())!
    await until('it to run', () => stateOf(element) === 'RUNNING')
    return { session, folder, element, going, lost }
  }

  /** Gives an element its time back: its limit counts in minutes, and what is put back keeps it. */
  function allow(element: string): void {
    on.cluster.call('scontrol', 'update', `JobId=${element}`, 'TimeLimit=60')
  }

  function stateOf(element: string): string {
    return on.cluster.call('squeue', '-h', '-t', 'all', '-j', element, '-o', '%T').trim()
  }

  /** Aborted once a run is finished: what follows it is another test's. */
  function stopAfter({ folder }: ProjectSession, run: string): AbortSignal {
    const controller = new AbortController()
    const look = async () => {
      while (!isRunFinished(folder, run)) await sleep(100)
      controller.abort(new Error('enough'))
    }
    void look()
    return controller.signal
  }
})

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is over.
  }
}

/** Has a process stand still while something else is done. */
async function still(pid: number, work: () => Promise<void>): Promise<void> {
  tell(pid, 'SIGSTOP')
  try {
    await work()
  } finally {
    tell(pid, 'SIGCONT')
  }
}

/**
 * Waits for a state of an element and slows down its process meanwhile: a fast machine would be done before. One
 * that is being ended has little time to save what it has: it is slowed no more.
 */
async function slowed(pid: number, state: () => string, wanted: string[]): Promise<void> {
  // Slurm looks at time limits every 30 s, and a busy machine more seldom.
  const patienceMs = 150_000
  const isLeaving = async () => {
    tell(pid, 'SIGCONT')
    await sleep(50)
    if (['COMPLETING', ...wanted].includes(state())) return true
    tell(pid, 'SIGSTOP')
    await sleep(450)
    return false
  }
  try {
    await until('the element to leave its place', isLeaving, patienceMs)
  } finally {
    tell(pid, 'SIGCONT')
  }
  await until('the element to have left', () => wanted.includes(state()), patienceMs)
}
