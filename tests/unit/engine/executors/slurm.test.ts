import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { accountedEnd } from '#engine/executors/slurm/accounting'
import { clientEnvironment, jobNumber } from '#engine/executors/slurm/clients'
import { OLDEST_NODE, findingsOf } from '#engine/executors/slurm/probeAnswer'
import { minutesOf } from '#engine/executors/slurm/timeLimit'
import { megabytesOf, toldEnd } from '#engine/executors/slurm/elementEnd'
import type { ElementEnd } from '#engine/executors/slurm/elementEnd'
import {
  elementState,
  parsedNode,
  parsedQueue,
  parsedRecord,
  recordOf,
  wordsOf
} from '#engine/executors/slurm/queue'
import { parsedNodeUse } from '#engine/executors/slurm/nodeUse'
import { quoted } from '#engine/executors/slurm/quoted'
import {
  endError,
  isQueueFull,
  mayPass,
  refusedError,
  vainWords
} from '#engine/executors/slurm/refusals'
import { elementScript, submitArguments } from '#engine/executors/slurm/script'
import { engines } from '../../../../package.json'
import { SlurmExecutorSchema } from '#shared/executors'
import { optionFault } from '#shared/sbatchOptions'
import { temporaryFolder } from '../../../support/temporaryFolder'

test('a quoted word reaches the program as it is, whatever it holds', () => {
  const word = fc.string({ unit: 'binary', maxLength: 30 }).filter((text) => !text.includes('\0'))
  fc.assert(
    fc.property(word, (text) => {
      const said = execFileSync('sh', ['-c', `printf %s ${quoted(text)}`], { encoding: 'utf8' })
      expect(said).toBe(text)
    }),
    { numRuns: 50 }
  )
})

// Lines as `squeue` and `sinfo` of Slurm 22.05.8 printed them.
test('lines of the queue are read, whatever a job is called', () => {
  expect(parsedRecord('12|3|RUNNING|None|lab1|1764314912|1764314900|assay-0123456789ab')).toEqual([
    {
      name: 'assay-0123456789ab',
      array: '12',
      index: 3,
      state: 'RUNNING',
      reason: 'None',
      node: 'lab1',
      startedAt: 1764314912,
      submittedAt: 1764314900
    }
  ])
  const [waiting] = parsedRecord('12|4|PENDING|JobArrayTaskLimit||N/A|1764314900|a|b')
  expect(waiting).toMatchObject({ name: 'a|b', node: null, startedAt: null })
  expect(parsedRecord('7|N/A|RUNNING|None|lab1|1|1|wrap')).toEqual([])
  expect(parsedRecord('')).toEqual([])
  // Of elements that were cancelled while they waited one line is left, without an index.
  const line = '1|N/A|CANCELLED|JobHeldUser||1764314912|1764314900|assay-0123456789ab'
  const all = new Map(parsedRecord(line).map((one) => [`${one.name}.${one.index}`, one]))
  expect(recordOf(all, 'assay-0123456789ab', 4)?.state).toBe('CANCELLED')
  expect(parsedNode('lab1|main*|idle|0/2/0/2|2000|gpu:2|none')).toEqual([
    {
      name: 'lab1',
      partition: 'main',
      isDefaultPartition: true,
      state: 'idle',
      cpus: { allocated: 0, idle: 2, total: 2 },
      memoryMegabytes: 2000,
      gres: 'gpu:2',
      reason: null,
      use: null
    }
  ])
})

test('what jobs have of a node is read, and what nobody says is not taken for nothing', () => {
  // Of Slurm 22.05.8 where memory is not shared out, a job having asked for 300 MB and one GPU.
  const busy =
    'NodeName=lab1 Arch=x86_64 CoresPerSocket=1  CPUAlloc=1 CPUEfctv=2 CPUTot=2 CPULoad=11.70 AvailableFeatures=(null) ActiveFeatures=(null) Gres=gpu:2 GresDrain=N/A GresUsed=gpu:1 NodeAddr=127.0.0.1 NodeHostName=vm Port=41617 Version=22.05.8 OS=Linux 6.18.44 #1 SMP PREEMPT_DYNAMIC @0  RealMemory=2000 AllocMem=0 FreeMem=10179 Sockets=2 Boards=1 State=MIXED ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A Partitions=main,spare  BootTime=2026-11-27T20:24:10 CfgTRES=cpu=2,mem=2000M,billing=2 AllocTRES=cpu=1 CapWatts=n/a'
  const use = { memoryAllocatedMegabytes: null, memoryFreeMegabytes: 10179, gresUsed: 'gpu:1' }
  expect(parsedNodeUse(busy)).toEqual([['lab1', use]])
  const shared = busy
    .replace('AllocTRES=cpu=1', 'AllocTRES=cpu=1,mem=300M,gres/gpu=1')
    .replace('AllocMem=0', 'AllocMem=300')
    .replace('GresUsed=gpu:1', 'GresUsed=gpu:tesla:1(IDX:0),gpu:a100:2(IDX:1,3)')
  expect(parsedNodeUse(shared)).toMatchObject([
    ['lab1', { memoryAllocatedMegabytes: 300, gresUsed: 'gpu:tesla:1(IDX:0),gpu:a100:2(IDX:1,3)' }]
  ])
  const away =
    'NodeName=lab2 Gres=(null) GresUsed= RealMemory=2000 AllocMem=0 FreeMem=N/A AllocTRES= '
  expect(parsedNodeUse(away)).toEqual([
    ['lab2', { memoryAllocatedMegabytes: 0, memoryFreeMegabytes: null, gresUsed: null }]
  ])
  expect(parsedNodeUse('')).toEqual([])
})

test.each([
  ['PENDING', 'Priority', 'waiting'],
  ['PENDING', 'launch failed requeued held', 'stuck'],
  ['PENDING', 'JobHeldUser', 'stuck'],
  ['PENDING', 'AccountNotAllowed', 'stuck'],
  [
    'PENDING',
    "Job's account not known, so it can't use this partition (closed allows staff)",
    'stuck'
  ],
  ['PENDING', 'AssocMaxJobsLimit', 'waiting'],
  ['PENDING', 'QOSMaxJobsPerUserLimit', 'waiting'],
  ['PENDING', 'QOSMaxGRESPerUser', 'waiting'],
  ['PENDING', 'QOSMaxMemoryPerAccount', 'waiting'],
  ['PENDING', 'QOSGrpCpuLimit', 'waiting'],
  ['PENDING', 'AssocGrpMemLimit', 'waiting'],
  ['PENDING', 'QOSMaxWallDurationPerJobLimit', 'stuck'],
  ['PENDING', 'QOSMaxGRESPerJob', 'stuck'],
  ['PENDING', 'QOSMaxGRESPerNode', 'stuck'],
  ['PENDING', 'QOSMaxMemoryPerJob', 'stuck'],
  ['PENDING', 'QOSMaxCpuMinutesPerJobLimit', 'stuck'],
  ['PENDING', 'AssocMaxWallDurationPerJobLimit', 'stuck'],
  ['PENDING', 'AssocMaxGRESPerJob', 'stuck'],
  ['PENDING', 'QOSMinGRES', 'stuck'],
  ['PENDING', 'QOSMinCpuNotSatisfied', 'stuck'],
  ['PENDING', 'MaxMemPerLimit', 'stuck'],
  ['PENDING', 'DependencyNeverSatisfied', 'stuck'],
  ['COMPLETING', 'None', 'running'],
  ['COMPLETED', 'None', 'done'],
  ['CANCELLED', 'None', 'cancelled'],
  ['TIMEOUT', 'TimeLimit', 'interrupted'],
  ['NODE_FAIL', 'None', 'interrupted'],
  ['OUT_OF_MEMORY', 'OutOfMemory', 'failed'],
  ['FAILED', 'JobLaunchFailure', 'failed']
])('%s (%s) is %s', (state, reason, expected) => {
  expect(elementState({ state, reason })).toBe(expected)
})

const settings = (change: object) => SlurmExecutorSchema.parse({ kind: 'slurm', ...change })
const job = (change: object) => ({
  key: 'assay-0123456789ab',
  study: "the user's; rm -rf",
  project: "/shared/it's here",
  folder: "/shared/it's here/cluster/assay-0123456789ab",
  elements: 3,
  atOnce: 64,
  settings: settings(change),
  program: { entry: '/opt/assay/cli.cjs', version: '1.2.3' }
})

test('what is left out of the settings is left to the cluster', () => {
  const args = submitArguments(job({}))
  expect(args).toContain('--array=0-2%64')
  expect(args.filter((arg) => /partition|account|qos|mem|gres/.test(arg))).toEqual([])
  const asked = submitArguments(job({ memoryMegabytes: 4000, account: 'lab' }))
  expect(asked).toEqual(expect.arrayContaining(['--mem=4000M', '--account=lab']))
  expect(submitArguments({ ...job({}), atOnce: 2 })).toContain('--array=0-2%2')
})

test('defaults stand ahead of the options of a study, without those that would clash with them', () => {
  const lines = (change: object, graceSeconds?: number) =>
    elementScript({ ...job(change), graceSeconds })
      .split('\n')
      .flatMap((line) => /^#SBATCH (.*)/.exec(line)?.[1] ?? [])
  const warned = ['--requeue', '--signal=B:USR2@60']
  expect(lines({ cpus: 4 })).toEqual(['--nodes=1', '--ntasks=1', '--cpus-per-task=4', ...warned])
  const options = ['--gpus=1  --cpus-per-gpu=3', '-N2']
  expect(lines({ options })).toEqual(['--nodes=1', ...warned, ...options])
  // A trainer that takes longer to save its state is told earlier.
  expect(lines({}, 25)).toContain('--signal=B:USR2@60')
  expect(lines({}, 600)).toContain('--signal=B:USR2@630')
  expect(submitArguments(job({ options: ['--export=ALL'] }))).not.toContain('--export=NONE')
  expect(submitArguments(job({ options: ['--comment=x #--export=ALL'] }))).toEqual(
    expect.arrayContaining(['--export=NONE'])
  )
})

test.each([
  ['--array=0-9', 'found'],
  ['--exclusive --outp "a b"', 'found'],
  ['-o/dev/null', 'found'],
  ['-J x', 'found'],
  ['--time=5', '`timeMinutes`'],
  ['-c 8', '`cpus`'],
  ['--partition=x', '`partition`'],
  ['--signal=USR1@90', 'B:USR2@SECONDS'],
  ['--signal USR2@90', 'B:USR2@SECONDS'],
  ['--signal B:SIGUSR2@90', null],
  ['--mem=4G --gres=gpu:2 --account=a', null],
  ['--exclude=node7 --constraint=a100 --time-min=5', null],
  ['--wait-all-nodes=1 --gres-flags=enforce-binding --mem-bind=local', null],
  ['--begin=now+1hour # --array=0-9', null],
  ['-N 2 --ntasks-per-node=1 --hold', null]
])('the option %s is refused by %s', (line, words) => {
  const fault = optionFault(line, settings({ partition: 'gpu' }))
  if (words === null) expect(fault).toBe(null)
  else expect(fault).toContain(words)
})

test('names of studies and folders are no commands of the script', () => {
  const script = elementScript(job({ setup: ['module load x'] }))
  execFileSync('bash', ['-n'], { input: script })
  expect(script).toContain(`'--study=the user'\\''s; rm -rf'`)
})

/** What stands for a container: it hands on nothing by itself, and says what it was told. */
const CONTAINER = `#!/bin/bash
trap 'echo warned >>"$0.said"; exit 75' USR2
trap 'echo "$1 asked to end" >>"$0.said"; sleep 0.3; exit 130' TERM
echo begun >>"$0.said"
until [ -e "$0.end" ]; do sleep 0.05; done
[ "$(cat "$0.end")" = KILL ] && kill -KILL $$
exit "$(cat "$0.end")"
`

test.each([
  // By what, how the shell ends, and whether the element was put back.
  [{ signal: 'SIGUSR2' as const }, [0, null], 'warned', true],
  [{ signal: 'SIGTERM' as const }, [130, null], 'run asked to end', false],
  [{ end: '0' }, [0, null], null, false],
  [{ end: '1' }, [1, null], null, false],
  [{ end: '75' }, [0, null], null, true],
  [{ end: '127' }, [127, null], null, false],
  [{ end: 'KILL' }, [null, 'SIGKILL'], null, false]
])(
  'in a container, what meets an element by %o is handed on',
  async (by, ended, said, isPutBack) => {
    const folder = await temporaryFolder()
    const container = join(folder, 'container')
    await writeFile(container, CONTAINER, { mode: 0o755 })
    await writeFile(join(folder, 'elements.txt'), 'f0\n')
    const scontrol = `#!/bin/sh\necho "$@" >>"$0.said"\n`
    await writeFile(join(folder, 'scontrol'), scontrol, { mode: 0o755 })
    const asked = job({ container: quoted(container), command: 'run' })
    const script = join(folder, 'script')
    await writeFile(script, elementScript({ ...asked, project: folder, folder }))
    const variables = { SLURM_ARRAY_JOB_ID: '7', SLURM_ARRAY_TASK_ID: '0' }
    const shell = spawn('/bin/bash', [script], {
      stdio: 'ignore',
      env: { PATH: `${folder}:/bin`, ...variables }
    })
    const exit = once(shell, 'exit')
    const log = `${container}.said`
    while (!existsSync(log)) await sleep(20)
    if ('signal' in by) shell.kill(by.signal)
    else await writeFile(`${container}.end`, by.end)
    expect(await exit).toEqual(ended)
    expect(readFileSync(log, 'utf8')).toBe(
      ['begun', ...(said === null ? [] : [said]), ''].join('\n')
    )
    const put = join(folder, 'scontrol.said')
    expect(existsSync(put) ? readFileSync(put, 'utf8') : '').toBe(isPutBack ? 'requeue 7_0\n' : '')
  }
)

test('an element of an array that was heard twice leaves, and says so', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'elements.txt'), 'f0\n')
  const script = elementScript({ ...job({ command: 'echo' }), project: folder, folder })
  const said = (array: string) =>
    execFileSync('/bin/bash', [], {
      input: script,
      encoding: 'utf8',
      env: { PATH: '/bin', SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_JOB_ID: array }
    })
  // Until its number is written down, nobody knows which of two it would be.
  expect(said('7')).toMatch(/\nrun-one .* f0 --study=/)
  await writeFile(join(folder, 'array.txt'), '7\n')
  expect(said('7')).toMatch(/\nrun-one .* f0 --study=/)
  expect(said('8')).toBe(
    'Assay: this was submitted twice; array 7 does the work, and array 8 leaves\n'
  )
})

test('of two arrays of one name the elements that wait or run are looked at', () => {
  const line = (array: number, index: number, state: string) =>
    `${array}|${index}|${state}|None|lab1|1764314912|1764314900|assay-0123456789ab`
  const states = (...lines: string[]) =>
    [...parsedQueue(lines.join('\n')).values()].map((one) => [one.array, one.index, one.state])
  const both = [line(7, 0, 'RUNNING'), line(8, 0, 'COMPLETED'), line(7, 1, 'COMPLETED')]
  const expected = [
    ['7', 0, 'RUNNING'],
    ['8', 1, 'PENDING']
  ]
  expect(states(...both, line(8, 1, 'PENDING'))).toEqual(expected)
  expect(states(line(8, 1, 'PENDING'), ...both.reverse())).toEqual(expected.reverse())
})

test('what a host greets with is no word of Slurm, and no number of a job', () => {
  const banner =
    'Sessions are timed out after 30 minutes. Temporarily no GPUs: try again on Monday.'
  const refusal = `${banner}\nsbatch: error: invalid partition specified: x\n*** 42 ***\n`
  expect(mayPass(called(refusal))).toBe(false)
  expect(refusedError(called(refusal)).details).toEqual({ found: 'invalid partition specified: x' })
  expect(
    mayPass(called(`${banner}\nslurm_load_jobs error: Socket timed out on send/recv operation`))
  ).toBe(true)
  // Of ssh, and of the other machine's \`timeout\`.
  for (const status of [255, 124, 137]) expect(mayPass(called(banner, status))).toBe(true)
  expect(wordsOf('ssh: connect to host x port 22: Connection refused\n')).toBe(
    'connect to host x port 22: Connection refused'
  )
  expect(jobNumber('12 users are logged in\n3\n4711;alpha\n')).toBe('4711')
  expect(jobNumber('4711\n')).toBe('4711')
  expect(jobNumber('12 users are logged in\n')).toBe(null)
})

test('an element finds the programs of Slurm where the submit host has them, if its login does not know', async () => {
  const folder = await temporaryFolder()
  const clients = join(folder, 'opt slurm')
  await mkdir(clients)
  await mkdir(join(folder, 'cluster'))
  await writeFile(join(folder, 'cluster', 'elements.txt'), 'f0\n')
  const asked = { ...job({ setup: ['hash -r; command -v scontrol; exit 0'] }) }
  const script = elementScript({ ...asked, project: folder, folder: join(folder, 'cluster') })
  const said = (named: string) =>
    execFileSync('/bin/bash', [], {
      input: script.replaceAll('scontrol', 'scontrol-of-test'),
      encoding: 'utf8',
      env: { PATH: '/bin', SLURM_ARRAY_TASK_ID: '0', SLURM_ASSAY_CLIENTS: named }
    })
      .split('\n')
      .slice(1)
  await writeFile(join(clients, 'scontrol-of-test'), '#!/bin/sh\n', { mode: 0o755 })
  expect(said(clients)).toEqual([`${clients}/scontrol-of-test`, ''])
  // No folder of a name that says nothing, and none that is not there.
  for (const named of ['', 'opt slurm', join(folder, 'nowhere')]) expect(said(named)).toEqual([''])
})

test('what a shell or a job has set for Slurm goes along to no client, but for where the cluster is', () => {
  const environment = { PATH: '/bin', SLURM_CONF: 'x', SLURM_JOB_ID: '1', SBATCH_ACCOUNT: 'y' }
  expect(clientEnvironment({ ...environment, ELECTRON_RUN_AS_NODE: '1' })).toEqual({
    PATH: '/bin',
    SLURM_CONF: 'x'
  })
})

const called = (stderr: string, status: number | null = 1) => ({
  status,
  stdout: '',
  stderr,
  isMissing: false
})

test('a controller that is away may come back; a refusal is told in its own words', () => {
  const away =
    'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)'
  expect(mayPass(called(away))).toBe(true)
  expect(mayPass(called('', null))).toBe(true)
  expect(mayPass(called('Connection closed', 255))).toBe(true)
  const wrong =
    'sbatch: error: invalid partition specified: x\nsbatch: error: Batch job submission failed: Invalid partition name specified'
  expect(mayPass(called(wrong))).toBe(false)
  expect(wordsOf(wrong)).toBe(
    'invalid partition specified: x Batch job submission failed: Invalid partition name specified'
  )
  expect(refusedError(called(wrong)).message).toContain('Set `partition`')
})

test.each([
  ['QOSMaxWallDurationPerJobLimit', '`timeMinutes`'],
  ['AssociationTimeLimit', '`timeMinutes`'],
  ['QOSMaxGRESPerJob', '`gres`'],
  ['QOSMaxMemoryPerJob', '`memoryMegabytes`'],
  ['AssocMaxMemPerNode', '`memoryMegabytes`'],
  ['QOSMaxCpuPerJobLimit', '`cpus`'],
  ['QOSMinGRES', '`gres`'],
  ['InvalidQOS', '`qos`']
])('of what waits in vain for %s, %s is to be set', (reason, setting) => {
  expect(vainWords(reason)).toContain(`"${reason}" `)
  expect(vainWords(reason)).toContain(setting)
})

// As Slurm's `sbatch` says it, with and without the reason ahead.
const POLICY =
  "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"
test.each([
  ['', true, /not one element is taken.*too many jobs/i],
  ['QOSMaxSubmitJobPerUserLimit', true, /So few elements .* `qos` or `account`/],
  ['AssocMaxSubmitJobLimit', true, /So few elements/],
  ['AssocGrpSubmitJobsLimit', true, /So few elements/],
  ['QOSMaxWallDurationPerJobLimit', false, /Set `timeMinutes` to less/],
  ['QOSMaxCpuPerUserLimit', false, /Set `qos`/]
])('of a refusal for %s, that fewer elements may do is %s', (reason, expected, advice) => {
  const stderr = reason === '' ? POLICY : `sbatch: error: ${reason}\n${POLICY}`
  expect(isQueueFull(called(stderr))).toBe(expected)
  expect(refusedError(called(stderr)).message).toMatch(advice)
})

const end = (state: string, change: Partial<ElementEnd> = {}): ElementEnd => ({
  state,
  exitStatus: 0,
  signal: 0,
  node: 'n1',
  cancelledBy: null,
  memory: { asked: null, most: null },
  ...change
})

/** What is said of an element that ended so. */
const told = (ended: ElementEnd | null, cancelledBy: string | null = null) =>
  endError({ label: 'seed', job: '1_0', state: null, end: ended, cancelledBy, logFile: null })

test.each([
  ['TIMEOUT', 0, 15, 'executor/lost'],
  ['NODE_FAIL', 0, 0, 'executor/lost'],
  ['FAILED', 0, 9, 'executor/lost'],
  ['FAILED', 75, 0, 'executor/lost'],
  ['FAILED', 69, 0, 'executor/lost'],
  ['COMPLETED', 0, 0, 'executor/lost'],
  ['FAILED', 1, 0, 'executor/failed'],
  ['FAILED', 127, 0, 'executor/failed'],
  ['CANCELLED', 0, 15, 'executor/failed'],
  ['OUT_OF_MEMORY', 0, 9, 'executor/failed']
])('%s with %i:%i is %s', async (state, exitStatus, signal, code) => {
  const error = await told(end(state, { exitStatus, signal }))
  expect(error).toMatchObject({ code, message: expect.stringContaining('on n1') as string })
})

test('what the queue has forgotten the log may say: of its last try', async () => {
  const log = join(await temporaryFolder(), '5_0.log')
  const error = async (text: string) => {
    writeFileSync(log, text)
    const gone = { label: 'seed', job: '5_0', state: null, end: null, cancelledBy: null }
    const { message } = await endError({ ...gone, logFile: log })
    return message.split(' Its log ends')[0]
  }
  // As Slurm 22.05 wrote it.
  const begun = 'Assay: 2026-11-28T14:01:43Z vm, restart 0\n'
  const ended =
    'slurmstepd-lab1: error: *** JOB 5 ON lab1 CANCELLED AT 2026-11-28T14:01:54 DUE TO TIME LIMIT ***\n'
  expect(await error(begun + ended)).toContain('its time was up')
  expect(await error(begun + ended.replace('TIME LIMIT', 'PREEMPTION'))).toContain('took its place')
  expect(await error(begun + ended + begun)).toContain('Slurm remembers no more of it')
  expect(await error(begun)).toContain('Slurm remembers no more of it')
})

test('of a log larger than memory its end is told, and one that cannot be read is no log that is not there', async () => {
  const folder = await temporaryFolder()
  const words = async (logFile: string) =>
    (
      await endError({
        label: 'seed',
        job: '1_0',
        state: null,
        end: end('FAILED', { exitStatus: 3 }),
        cancelledBy: null,
        logFile
      })
    ).message
  const log = join(folder, '1_0.log')
  writeFileSync(log, '')
  truncateSync(log, 2 ** 30)
  appendFileSync(log, '\nno such module\n')
  expect(await words(log)).toMatch(/Its log ends:\n[^]*\nno such module$/)
  expect(await words(join(folder, 'none.log'))).toContain('It wrote no log.')
  expect(await words(folder)).toContain('expected a file, found a folder')
})

// Text as `sacct` and `scontrol` of Slurm 22.05.8 printed it, by `make.sh` beside it.
const golden = (name: string) => readFileSync(`tests/golden/slurm/${name}`, 'utf8')
const NAME = 'assay-0123456789ab'

test.each([
  ['17_0', 'COMPLETED', 0, 0, 'lab1', 5],
  ['17_1', 'FAILED', 3, 0, 'lab1', null],
  ['17_2', 'FAILED', 0, 9, 'lab2', null],
  ['17_3', 'OUT_OF_MEMORY', 0, 125, 'lab2', 133],
  ['17_4', 'COMPLETED', 0, 0, 'lab2', null],
  ['18_5', 'TIMEOUT', 0, 0, 'lab2', 2],
  ['25_10', 'NODE_FAIL', 0, 0, 'lab1', null]
])('of %s accounting remembers %s', (job, state, exitStatus, signal, node, most) => {
  const memory = { asked: 150, most }
  expect(accountedEnd(golden('sacct.txt'), job, NAME)).toEqual(
    end(state, { exitStatus, signal, node, memory })
  )
})

test('accounting says who cancelled what ran, and what never began', async () => {
  const accounts = golden('sacct.txt')
  const ran = accountedEnd(accounts, '23_6', NAME)
  expect(ran).toMatchObject({ state: 'CANCELLED', cancelledBy: 0, node: 'lab1' })
  expect(accountedEnd(accounts, '24_8', NAME)).toMatchObject({ cancelledBy: 0, node: null })
  expect((await told(ran, 'root')).message).toContain('on lab1 without a result: root cancelled it')
  expect((await told(end('CANCELLED'))).message).toContain('somebody cancelled it')
})

test('what still runs, is not there or is of another job has no end in the accounts', () => {
  const accounts = golden('sacct.txt')
  for (const job of ['26_11', '24_6', '24_10', '99_0', '17_33', '17']) {
    expect(accountedEnd(accounts, job, NAME), job).toBeNull()
  }
  expect(accountedEnd(accounts, '17_1', 'assay-ba9876543210')).toBeNull()
  expect(accountedEnd('', '17_1', NAME)).toBeNull()
})

test('whatever stands in the accounts, reading them fails by nothing', () => {
  const line = fc
    .array(fc.oneof(fc.string(), fc.constantFrom('1_0', '1_[0-3]', 'FAILED', '0:9', '9Gn')), {
      maxLength: 9
    })
    .map((fields) => fields.join('|'))
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const found = accountedEnd(lines.join('\n'), '1_0', '')
      expect(found === null || found.state.length >= 0).toBe(true)
    })
  )
})

test('what wanted too much memory is told with how much it had, and is not tried again', async () => {
  const controller = toldEnd(golden('scontrol.txt'))
  const memory = { asked: 100, most: null }
  expect(controller).toEqual(end('OUT_OF_MEMORY', { signal: 125, node: 'lab1', memory }))
  expect(await told(controller)).toMatchObject({
    code: 'executor/failed',
    message: expect.stringContaining('than the 100 MiB that it was given, and would') as string
  })
  const accounted = accountedEnd(golden('sacct.txt'), '17_3', NAME)
  expect((await told(accounted)).message).toContain(
    'than the 150 MiB that it was given (it was last seen with 133 MiB), and would'
  )
  expect((await told(end('OUT_OF_MEMORY'))).message).toContain('more memory than it was given, and')
})

test.each([
  ['150M', 150],
  ['136348K', 133],
  ['2.50G', 2560],
  ['1T', 1048576],
  ['4000Mn', 4000],
  ['2Gc', 2048],
  ['1048576', 1],
  ['', null],
  ['16?', null]
])('%s of memory is %s MiB', (amount, expected) => {
  expect(megabytesOf(amount)).toBe(expected)
})

// As `sinfo -o %l` of Slurm 22.05.8 prints them.
test.each([
  ['10:00', 10],
  ['1:30:00', 90],
  ['2-00:00:00', 2880],
  ['0:30', 0],
  ['infinite', null],
  ['', null]
])('a limit of %s is %s minutes', (time, expected) => {
  expect(minutesOf(time)).toBe(expected)
})

const doctorOn = (device: string, isGpu: boolean, devices: object[] = []) =>
  JSON.stringify({
    node: '20.20.2',
    canTrain: true,
    backends: [{ name: 'tensorflow', usable: true, reason: null, device, isGpu }],
    devices
  })

// What an element of `assay cluster check` wrote down, in a lab of two nodes, and what it would have on others.
const answer = (change: Record<string, string> = {}) =>
  Object.entries({
    node: 'lab1',
    time: String(Math.floor(Date.now() / 1000)),
    refused: '',
    status: '0',
    version: '1.2.3',
    crashed: '',
    doctor: doctorOn('AMD EPYC 7763', false),
    gpus: 'none',
    ...change
  })
    .map(([name, value]) => `${name} ${value}\n`)
    .join('')

const program = { entry: '/opt/assay/cli.cjs', version: '1.2.3' }
const found = (change: Record<string, string>, asked: object = {}) =>
  findingsOf(answer(change), { program, settings: settings(asked) }, Date.now() - 3000)
    .filter(({ state }) => state === 'bad')
    .map(({ what, words }) => `${what}: ${words}`)

test.each([
  [{}, /^$/],
  [{ refused: 'dd: failed to open: Permission denied' }, /^write: .*"dd: .* denied" Look at its/],
  [{ time: '1' }, /^clock: The clock of lab1 is \d{10} s behind this machine's\. Have both set/],
  [{ time: String(Date.now() / 1000 + 300) }, /^clock: The clock of lab1 is (29\d|300) s ahead of/],
  [{ version: '1.2.4' }, /^version: Assay 1\.2\.3 is wanted on lab1, .* says "1\.2\.4"\. Set/],
  [
    { status: '1', version: 'SyntaxError: x', crashed: 'Node.js v18.1.0', doctor: '' },
    /^version: .*"SyntaxError: x"\. Node\.js 18\.1\.0 is too old: Assay needs 20\.19\.0 or later/
  ],
  [{ doctor: 'Error: no such addon' }, /^tensors: .*as soon as it looks .* "Error: no such addon"/],
  [
    { doctor: JSON.stringify({ node: '16.17.1', canTrain: false, backends: [], devices: [] }) },
    /^node: Node\.js 16\.17\.1 on lab1 is too old.*\ntensors: .*cannot compute there/
  ]
])('an answer %o of a node is bad by %s', (change, expected) => {
  expect(found(change).join('\n')).toMatch(expected)
})

test('a GPU that was asked for and not given is told', () => {
  expect(found({}, { gres: 'gpu:1' })).toEqual([expect.stringMatching(/^gpus: .*given none/)])
  expect(found({ gpus: 'NoDevFiles' }, { gres: 'gpu:1' })).toHaveLength(1)
  expect(found({ gpus: '0', doctor: doctorOn('NVIDIA H100', true) }, { gres: 'gpu:1' })).toEqual([])
})

test('a GPU that is given and not computed on is told, however it was asked for', () => {
  const idle =
    /^tensors: Slurm gives .* GPU on lab1, .* on the processor, AMD EPYC 7763\. .*setup\.md/
  for (const asked of [{ gres: 'gpu:1' }, { options: ['--gpus=1'] }]) {
    expect(found({ gpus: '0' }, asked)).toEqual([expect.stringMatching(idle)])
  }
  // The processor is meant, or the GPU is a pretended one.
  expect(found({ gpus: '-1' }, { gres: 'gpu:1' })).toEqual([])
  const pretended = doctorOn('AMD EPYC 7763', false, [{ isPretended: true }])
  expect(found({ gpus: '0', doctor: pretended }, { gres: 'gpu:1' })).toEqual([])
})

test('the oldest Node.js of nodes is the one that the package wants', () => {
  expect(engines.node).toContain(`^${OLDEST_NODE} `)
})
