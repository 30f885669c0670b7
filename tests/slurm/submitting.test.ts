/** Elements on their way into the queue of a cluster that hears badly, or has little room. */
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ProjectSession } from '#engine'
import { readQueue } from '#engine/executors/slurm/queue'
import { Room } from '#engine/executors/slurm/room'
import type { Submission } from '#engine/executors/slurm/submissions'
import { SlurmExecutorSchema } from '#shared/executors'
import { tinyProject } from '../support/builtEngine'
import { useCluster } from '../support/clusterEngine'
import { isSlurmMissing, until } from '../support/slurmCluster'
import { temporaryFolder } from '../support/temporaryFolder'

describe.skipIf(isSlurmMissing)('on a cluster', () => {
  const on = useCluster()

  /** A prepared project whose study is the seed and its branches. */
  async function project(settings: { modelsPerElement?: number }): Promise<ProjectSession> {
    const session = await tinyProject(on.engine, join(await temporaryFolder(), 'a'), {
      sequential: { choose: { kind: 'none' } },
      executor: { kind: 'slurm', ...settings }
    })
    await session.prepare(session.study())
    return session
  }

  /** Puts a program of this name ahead of Slurm's own, which it may call as `real`, for one test. */
  async function ahead(name: string, script: string): Promise<void> {
    const folder = await temporaryFolder()
    const path = process.env['PATH']!
    const real = `real() { PATH=${path} command ${name} "$@"; }`
    await writeFile(join(folder, name), `#!/bin/bash\n${real}\n${script}\n`, { mode: 0o755 })
    process.env['PATH'] = `${folder}:${path}`
    onTestFinished(() => void (process.env['PATH'] = path))
  }

  test('a submission that was heard and not answered is found by its name, and not made again', async () => {
    const marks = await temporaryFolder()
    const late =
      'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation'
    await ahead(
      'sbatch',
      `[ "$1" = --version ] && { real "$@"; exit; }
      real "$@" >>${marks}/numbers || exit
      echo "$@" | grep -o 'job-name=[^ ]*' >>${marks}/names
      mkdir ${marks}/late 2>/dev/null && { echo "${late}" >&2; exit 1; }
      tail -n 1 ${marks}/numbers`
    )
    const session = await project({ modelsPerElement: 100 })
    const places = new Set<string>()
    const { failed } = await session.run(session.study(), {
      onEvent: (event) => {
        if (event.kind === 'progress') places.add(event.progress.place ?? '')
      }
    })
    expect(failed).toEqual([])
    expect([...places].join('\n')).toMatch(/may not have been submitted \(.*Socket timed out on/)
    const names = (await readFile(join(marks, 'names'), 'utf8')).trim().split('\n')
    expect(new Set(names).size).toBe(names.length)
    expect(await readdir(join(session.folder, 'cluster'))).toEqual([])
  })

  /** Has `sbatch` refuse what is beyond so many elements in the queue, as an account's limit does. */
  function holdQueue(most: number): Promise<void> {
    const sentence =
      "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"
    return ahead(
      'sbatch',
      `last=$(echo " $*" | sed -n 's/.* --array=0-\\([0-9]*\\)%.*/\\1/p')
      there=$(squeue -h -r -t PD,R,CG -o %i | wc -l)
      if [ -n "$last" ] && [ $((there + last + 1)) -gt ${most} ]; then
        echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2
        echo "sbatch: error: Batch job submission failed: ${sentence}" >&2
        exit 1
      fi
      real "$@"`
    )
  }

  test('what the queue has no room for is submitted as others leave it, and dropped where the study is stopped', async () => {
    await holdQueue(1)
    const session = await project({ modelsPerElement: 100 })
    const stop = new AbortController()
    const places = new Set<string>()
    let queued = 0
    const { failed, trained, wasStopped } = await session.run(session.study(), {
      signal: stop.signal,
      onEvent: (event) => {
        if (
          event.kind === 'run' &&
          session.runs.filter(({ state }) => state === 'done').length > 1
        ) {
          stop.abort(new Error('seen enough'))
        }
        if (event.kind !== 'progress') return
        places.add(event.progress.place ?? '')
        queued = Math.max(queued, on.cluster.queue().length)
      }
    })
    expect({ failed, wasStopped }).toEqual({ failed: [], wasStopped: true })
    expect(trained).toBeGreaterThan(1)
    expect([...places].join('\n')).toContain('it is not submitted yet')
    expect(queued).toBe(1)
    await until('an empty queue', () => on.cluster.queue().length === 0)
  })

  test('arrays are told by Slurm what they may have at once when another wants its share', async () => {
    const submit = (name: string, array: string) =>
      on.cluster.call(
        'sbatch',
        '--parsable',
        '--hold',
        '-J',
        name,
        `--array=${array}`,
        '--wrap=true'
      )
    const [first, second] = ['assay-00000000000a', 'assay-00000000000b']
    const submissions = [
      { key: first, array: submit(first!, '0-9%8').trim(), elements: 10, atOnce: 6 },
      { key: second, array: submit(second!, '0-1%2').trim(), elements: 2, atOnce: 2 }
    ].map((one) => ({ ...one, elements: Array.from({ length: one.elements }, () => null) }))
    onTestFinished(() => on.cluster.clear())
    const settings = SlurmExecutorSchema.parse({ kind: 'slurm', mostAtOnce: 8 })
    const room = new Room(settings)
    const share = async (wanting: number) => {
      const queue = await readQueue({})
      if (!queue.isKnown) throw new Error(queue.words)
      return room.shareOut(submissions as unknown as Submission[], queue.elements, wanting)
    }
    const throttle = (array: string) =>
      /ArrayTaskThrottle=(\d+)/.exec(on.cluster.call('scontrol', 'show', 'job', array))?.[1]
    expect(await share(2)).toBe(0)
    expect(submissions.map(({ array }) => throttle(array))).toEqual(['4', '2'])
    expect(await share(2)).toBe(2)
    on.cluster.call('scancel', submissions[1]!.array)
    await until('the other to have its share', async () => {
      await share(0)
      return throttle(submissions[0]!.array) === '8'
    })
  })

  test('a queue that takes not one element is told, with the setting to change', async () => {
    await holdQueue(0)
    const session = await project({})
    const { failed } = await session.run(session.study())
    expect(failed).toMatchObject([{ name: 'seed', code: 'executor/refused' }])
    expect(failed[0]!.message).toMatch(/QOSMaxSubmitJobPerUserLimit.*not one of this study fits/)
    expect(await readdir(join(session.folder, 'cluster'))).toEqual([])
  })
})
