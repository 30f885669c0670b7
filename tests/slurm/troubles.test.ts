/** What goes wrong with a cluster is told in words, and what may pass is tried again. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, readFile, readdir, statfs, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checkCluster, clusterScript, confirmCommands, readCluster, readElementLog } from '#engine'
import type { ProjectSession } from '#engine'
import { version } from '../../package.json'
import type { StudyDraft } from '#shared/records'
import { tinyProject } from '../support/builtEngine'
import { useCluster } from '../support/clusterEngine'
import { assay, assayDone, assayError } from '../support/commandLine'
import { useOwnConfig } from '../support/ownConfig'
import { holdsMemory, isMemoryHeld, isSlurmMissing, mayMount, until } from '../support/slurmCluster'
import { temporaryFolder } from '../support/temporaryFolder'

describe.skipIf(isSlurmMissing)('on a cluster', () => {
  const on = useCluster({
    ...holdsMemory,
    'PartitionName=closed Nodes': 'lab[1-2] AllowAccounts=staff',
    'PartitionName=tight Nodes': 'lab[1-2] MaxMemPerNode=100',
    'PartitionName=short Nodes': 'lab[1-2] MaxTime=10'
  })
  // What is confirmed is kept for the user, not in the project.
  useOwnConfig()

  type Settings = Omit<Extract<StudyDraft['executor'], { kind: 'slurm' }>, 'kind'>

  /** A prepared project whose study is the seed and its branches. */
  async function project(settings: Settings, folder?: string): Promise<ProjectSession> {
    const session = await tinyProject(on.engine, folder ?? join(await temporaryFolder(), 'a'), {
      sequential: { choose: { kind: 'none' } },
      executor: { kind: 'slurm', ...settings }
    })
    await session.prepare(session.study())
    await confirmCommands(session.folder, session.study())
    return session
  }

  /** A command that does something else in place of Assay, once or always. */
  async function command(script: string): Promise<string> {
    const path = join(await temporaryFolder(), 'assay')
    await writeFile(
      path,
      `#!/bin/bash\nreal() { exec ${process.execPath} ${resolve('out/main/cli.cjs')} "$@"; }\n${script}\n`
    )
    await chmod(path, 0o755)
    return path
  }

  test('a partition that is not there is refused in the words of Slurm, and nothing is left behind', async () => {
    const session = await project({ partition: 'nowhere' })
    const { failed } = await session.run(session.study())
    expect(failed).toMatchObject([{ name: 'seed', code: 'executor/refused' }])
    expect(failed[0]!.message).toContain('invalid partition specified: nowhere')
    expect(failed[0]!.message).toContain('Set `partition`')
    expect(await readdir(join(session.folder, 'cluster'))).toEqual([])
  })

  test('without Slurm nothing is begun', async () => {
    const session = await project({})
    const path = process.env['PATH']
    process.env['PATH'] = '/nowhere'
    try {
      await expect(session.run(session.study())).rejects.toMatchObject({
        code: 'executor/unavailable',
        message: expect.stringContaining('no program sbatch') as string
      })
    } finally {
      process.env['PATH'] = path
    }
  })

  test('an element that fails is told with the end of its log, which is kept; the study can go on', async () => {
    const look = `export ASSAY_SAID=so
      echo "mine \${ASSAY_TEST_MARK:-none}, $SLURM_EXPORT_ENV, $SLURM_ASSAY_CLIENTS"
      srun sh -c 'echo "a step is told $ASSAY_SAID, path \${PATH:+given}"'
      echo "no such module"; exit 3`
    // What is set here is no business of the nodes.
    process.env['ASSAY_TEST_MARK'] = 'here'
    onTestFinished(() => void delete process.env['ASSAY_TEST_MARK'])
    const session = await project({ command: await command(look) })
    const { failed } = await session.run(session.study())
    expect(failed).toMatchObject([{ name: 'seed', code: 'executor/failed' }])
    expect(failed[0]!.message).toMatch(/exit status 3 .*Its log ends:\n[^]*no such module/)
    const { elements } = await readCluster(session, session.study())
    expect(elements).toMatchObject([{ labels: ['seed'], kind: 'train' }])
    const log = await readElementLog(session, session.study(), elements[0]!.id)
    expect(log).toMatchObject({
      isWhole: true,
      text: expect.stringContaining('no such module') as string
    })
    expect(log.text).toMatch(/\nmine none, ALL, \/\S+\na step is told so, path given\n/)
    expect(await assayDone(['cluster', 'log', session.folder, elements[0]!.id])).toBe(
      log.text + '\n'
    )
  })

  test('an element that is killed is tried again', async () => {
    const marks = await temporaryFolder()
    const once = `mkdir ${marks}/$(basename $2)-$SLURM_ARRAY_JOB_ID 2>/dev/null
      [ "$(ls ${marks} | wc -l)" -le 1 ] && kill -KILL $$
      real "$@"`
    const session = await project({ command: await command(once), modelsPerElement: 100 })
    const words: string[] = []
    const { failed } = await session.run(session.study(), {
      onEvent: (event) => {
        if (event.kind === 'run' && event.record.error) words.push(event.record.error.code)
      }
    })
    expect(failed).toEqual([])
    expect(words).toEqual(['executor/lost'])
    expect(await readdir(join(session.folder, 'cluster'))).toEqual([])
  })

  test('a node whose GPU is not found trains nothing on its processor: runs go elsewhere, and it is given no more', async () => {
    const isPretended = '[ $SLURMD_NODENAME = lab1 ] || export ASSAY_PRETENDED_DEVICES=1'
    const session = await project({ gres: 'gpu:1', setup: [isPretended] })
    const told: string[] = []
    const enough = new AbortController()
    await session.run(session.study(), {
      signal: enough.signal,
      onEvent: (event) => {
        if (event.kind === 'device') told.push(`${event.device}: ${event.reason}`)
        if (event.kind !== 'run') return
        if (event.record.error) told.push(event.record.error.code)
        if (event.record.state === 'done') enough.abort(new Error('the seed is enough'))
      }
    })
    expect(told).toEqual([
      'executor/lost',
      expect.stringMatching(
        /^node lab1: 2 elements in a row failed on it, .*\(CUDA_VISIBLE_DEVICES=[01]\), and TensorFlow does not find it/
      ),
      'executor/lost'
    ])
    expect(session.runs.filter(({ state }) => state === 'done')).toMatchObject([{ role: 'seed' }])
  }, 60_000)

  // Its worker is what the kernel ends; the element itself would say no more than that it died.
  test.skipIf(!isMemoryHeld)(
    'one that takes too much memory is told so, and not tried again',
    async () => {
      const session = await project({ memoryMegabytes: 120 })
      const tries: string[] = []
      const { failed } = await session.run(session.study(), {
        onEvent: (event) => {
          if (event.kind === 'run' && event.record.error) tries.push(event.record.error.code)
        }
      })
      expect(failed).toMatchObject([{ name: 'seed', code: 'executor/failed' }])
      expect(failed[0]!.message).toMatch(
        /more memory than the 120 MiB .*`memoryMegabytes`[^]*oom-kill/
      )
      expect(tries).toEqual(['executor/failed'])
    }
  )

  const asLine = (option: string) => `#SBATCH ${option}`

  test('options of a study win over what is asked for by itself, and what elements are found by cannot be set', async () => {
    const given = await command('scontrol show job $SLURM_JOB_ID; exit 3')
    const options = ['--hold', '-N 2 --ntasks-per-node=1', '--no-requeue', '--comment="my own"']
    const session = await project({ command: given, options, gres: 'gpu:1', account: 'lab' })
    const stop = new AbortController()
    const going = session.run(session.study(), { signal: stop.signal })
    await until('the element', () => on.cluster.queue().length === 1)
    const [element] = on.cluster.queue()
    const told = on.cluster.call('scontrol', '-o', 'show', 'job', element!.job)
    expect(told).toMatch(/ Requeue=0 .* NumNodes=2-2 NumCPUs=2 NumTasks=2 .*Comment=my own/)
    stop.abort(new Error('seen'))
    await going
    const refused = await project({ options: ['--exclusive', '--array=0-9'] })
    await expect(refused.run(refused.study())).rejects.toMatchObject({
      code: 'executor/refused',
      message: expect.stringContaining('"--array=0-9" of the study') as string
    })
    expect(await bad({ options: ['-t 5'] })).toEqual({
      submit: matching(/"-t 5".*said by the setting `timeMinutes`/)
    })
  })

  test('what would be submitted is shown, and submitted nowhere', async () => {
    const session = await project({
      partition: 'main',
      gres: 'gpu:1',
      timeMinutes: 30,
      options: ['--exclude=lab2', '--signal=B:USR2@90'],
      setup: ['module load cuda'],
      container: 'apptainer exec image.sif'
    })
    const { call, script, kind, elements } = await clusterScript(session, session.study())
    expect({ kind, elements }).toEqual({ kind: 'train', elements: 1 })
    expect(call).toContain('--partition=main --time=30 ')
    expect(call).toContain('--array=0-0%64 ')
    expect(call).toMatch(/--export=NONE --open-mode=append$/)
    const lines = script.split('\n').filter((line) => line.startsWith('#SBATCH'))
    expect(lines.slice(0, 3)).toEqual(['--nodes=1', '--ntasks=1', '--cpus-per-task=1'].map(asLine))
    expect(lines.slice(3)).toEqual(
      ['--requeue', '--signal=B:USR2@60', '--exclude=lab2', '--signal=B:USR2@90'].map(asLine)
    )
    expect(script).toMatch(
      /module load cuda\napptainer exec image.sif .*cli.cjs run-one .* \$runs --study=small --assay=.* &\nchild=/
    )
    expect(on.cluster.queue()).toEqual([])
    expect(await assayDone(['cluster', 'script', session.folder])).toBe(`${call}\n\n${script}\n`)
  })

  test('a check says what it finds', async () => {
    // The cluster's GPUs are pretended ones: without that word nothing would be computed on its processor.
    const session = await project({ gres: 'gpu:1', setup: ['export ASSAY_PRETENDED_DEVICES=1'] })
    const { status, stdout } = await assay(['cluster', 'check', session.folder, '--json'])
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      isGood: true,
      findings: [
        { what: 'submit', state: 'good' },
        { what: 'folder', state: 'good' },
        { what: 'write', state: 'good' },
        { what: 'clock', state: 'good' },
        { what: 'version', state: 'good' },
        { what: 'node', state: 'good' },
        {
          what: 'tensors',
          state: 'good',
          words: expect.stringMatching(/^tensorflow computes there/) as string
        },
        {
          what: 'gpus',
          state: 'good',
          words: expect.stringMatching(/given to the element: [01]\./) as string
        }
      ]
    })
  })

  /** What a check of a study with such settings finds bad. */
  async function bad(settings: Settings, folder?: string): Promise<Record<string, string>> {
    const session = await project(settings, folder)
    const { findings, isGood } = await checkCluster(session, session.study())
    const found = findings.filter(({ state }) => state === 'bad')
    expect(isGood).toBe(found.length === 0)
    return Object.fromEntries(found.map(({ what, words }) => [what, words]))
  }
  const matching = (pattern: RegExp) => expect.stringMatching(pattern) as string

  test('a check finds out what would be refused', async () => {
    expect(await bad({ partition: 'nowhere' })).toEqual({
      submit: matching(/invalid partition specified: nowhere.*Set `partition`/)
    })
    expect(await bad({ partition: 'closed', account: 'guests' })).toEqual({
      queue: matching(/closed allows staff.*Set `account` and `partition` to what you may use/)
    })
    expect(await bad({ partition: 'tight', memoryMegabytes: 500 })).toEqual({
      queue: matching(/^Slurm does not start it: "MaxMemPerLimit" Set `memoryMegabytes` to what/)
    })
    expect(await bad({ partition: 'short', timeMinutes: 90 })).toEqual({
      time: matching(/ask for 90 min .*partition short lets a job run 10 min/)
    })
    expect(await bad({ memoryMegabytes: 1_000_000 })).toEqual({
      submit: matching(/refuses.*`memoryMegabytes`/i)
    })
    const path = process.env['PATH']
    process.env['PATH'] = '/nowhere'
    onTestFinished(() => void (process.env['PATH'] = path))
    expect(await bad({})).toEqual({ submit: matching(/there is no program sbatch/) })
  })

  test('a check finds out what is not there, too old, another version or of another time', async () => {
    const other = join(await temporaryFolder(), 'other')
    await cp('out/main', other, { recursive: true })
    await symlink(resolve('node_modules'), join(other, 'node_modules'))
    const entry = join(other, 'cli.cjs')
    for (const name of await readdir(other, { recursive: true })) {
      if (!name.endsWith('.cjs')) continue
      const text = await readFile(join(other, name), 'utf8')
      await writeFile(join(other, name), text.replaceAll(`"${version}"`, '"99.0.0"'))
    }
    const node = process.execPath
    const clock = `date() { command date -d '5 minutes ago' "$@"; }`
    const begunAt = performance.now()
    const found = await Promise.all([
      bad({ command: `${node} ${entry}` }),
      bad({ setup: ['PATH='], command: 'node cli.cjs' }),
      bad({ command: `${node} /nowhere/cli.cjs` }),
      bad({ setup: [clock] }),
      bad({ gres: 'gpu:1' })
    ])
    expect(found).toEqual([
      { version: matching(/^Assay .* is wanted on .*, and the command there says "99.0.0"/) },
      { version: matching(/node: No such file or directory.*Node.js and Assay must be there/) },
      {
        version: matching(
          /there says "Error: Cannot find module '\/nowhere\/cli.cjs'".*Set `command`/
        )
      },
      { clock: matching(/^The clock of .* is \d+ s behind this machine's/) },
      { tensors: matching(/^Slurm gives the element a GPU on .* would compute on the processor/) }
    ])
    // Since it was submitted: what it waited in the queue counts against what it lags behind.
    const waited = (performance.now() - begunAt) / 1000
    const behind = Number(/(\d+) s behind/.exec(found[3]!['clock']!)![1])
    expect(behind).toBeGreaterThanOrEqual(Math.floor(300 - waited) - 1)
    expect(behind).toBeLessThanOrEqual(301)
  })

  test.skipIf(!mayMount)(
    'a check finds out what a node does not see, and what does not fit',
    async () => {
      const unseen = await bad({ options: ['--nodelist=lab2'] }, join(on.cluster.unshared!, 'a'))
      expect(unseen).toEqual({
        folder: matching(/on lab2.* sees no such folder.*must lie on storage/)
      })
      const full = join(await temporaryFolder(), 'full')
      await mkdir(full)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', full])
      onTestFinished(() => void execFileSync('umount', ['--lazy', full]))
      const session = await project({ options: ['--nodelist=lab1'] }, join(full, 'a'))
      const { bavail, bsize } = await statfs(full)
      await writeFile(join(full, 'filling'), Buffer.alloc(bavail * bsize - 400_000))
      const { findings } = await checkCluster(session, session.study())
      expect(findings.filter(({ state }) => state === 'bad')).toMatchObject([
        { what: 'write', words: matching(/No space left on device" Look at its rights, its quota/) }
      ])
    }
  )

  async function heldProject() {
    const session = await project({ options: ['--hold'] })
    return { folder: session.folder, close: () => session.close() }
  }

  test('what waits is listed with its reason, and cancelled', async () => {
    const { folder, close } = await heldProject()
    await close()
    // What an earlier test left may still be leaving.
    await on.cluster.clear()
    // A command that is ended by a signal leaves its jobs, and says so.
    const head = spawn(process.execPath, [resolve('out/main/cli.cjs'), 'run', folder])
    let said = ''
    head.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await until('the element', () => on.cluster.queue().length === 1)
    const ended = once(head, 'exit')
    head.kill('SIGTERM')
    expect((await ended)[0]).toBe(130)
    expect(said).toContain("jobs stay in the cluster's queue")
    const [left] = on.cluster.queue()

    const session = await on.engine.openProject(folder)
    onTestFinished(() => session.close())
    const going = session.run(session.study())
    await sleep(3000)
    expect(on.cluster.queue()).toEqual([left])
    const { elements, nodes } = await readCluster(session, session.study())
    expect(elements).toMatchObject([{ state: 'stuck', labels: ['seed'], node: null }])
    expect(elements[0]!.queueWords).toMatch(/PENDING \(JobHeld/)
    expect(nodes.filter(({ partition }) => partition === 'main')).toMatchObject([
      { name: 'lab1', isDefaultPartition: true, gres: 'gpu:2', cpus: { total: 2 } },
      { name: 'lab2' }
    ])
    expect(await assayDone(['cluster', 'show', session.folder])).toContain('stuck')
    const refusing = await temporaryFolder()
    await writeFile(
      join(refusing, 'scancel'),
      `#!/bin/sh\necho "scancel: error: Kill job error on job id $1: Access/permission denied" >&2\nexit 1\n`
    )
    await chmod(join(refusing, 'scancel'), 0o755)
    const path = process.env['PATH']
    process.env['PATH'] = `${refusing}:${path}`
    const refused = await assayError(['cluster', 'cancel', session.folder])
    process.env['PATH'] = path
    expect(refused).toMatchObject({ code: 'executor/unavailable' })
    expect(refused.message).toMatch(/permission denied" 1 of 1 stay in the queue \(\d+\)/)
    expect(await assayDone(['cluster', 'cancel', session.folder])).toContain('1 jobs taken out')
    const { failed } = await going
    expect(failed).toMatchObject([{ name: 'seed', code: 'executor/failed' }])
    expect(failed[0]!.message).toContain('somebody cancelled it')
  })
})
