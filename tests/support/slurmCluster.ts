/**
 * A Slurm cluster of two virtual nodes on loopback, for one test file: its own key, ports, state and
 * configuration, which a machine's own Slurm never meets.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir, userInfo } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from './freePorts'

const DAEMONS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scontrol']

/** Where Debian puts daemons, which a user's search path may lack. */
const PATH = `${process.env['PATH']}:/usr/sbin:/sbin`

/** Programs of Slurm that this machine lacks. */
export function missingSlurm(): string[] {
  const folders = PATH.split(':')
  return DAEMONS.filter((name) => !folders.some((folder) => existsSync(join(folder, name))))
}

/** True where a cluster cannot be started; the tests' set-up installs what is missing where it must. */
export const isSlurmMissing = missingSlurm().length > 0 && process.env['ASSAY_REQUIRE'] !== 'all'

export interface SlurmCluster {
  /** Path of its configuration: `SLURM_CONF`. */
  conf: string
  folder: string
  /** A folder that the second node sees another of, which is empty; null where that cannot be made. */
  unshared: string | null
  /** Calls one of Slurm's programs. @throws where it fails */
  call(program: string, ...args: string[]): string
  /** One line for each element in the queue: `NAME INDEX STATE`. */
  queue(): { job: string; name: string; state: string; node: string }[]
  /** Ends the controller as a power cut does, once it has saved what it knows; or starts it again. */
  killController(): Promise<void>
  startController(): Promise<void>
  /** Ends a node as a power cut does: its daemon, and all that runs on it. */
  loseNode(node: string): Promise<void>
  /** Cancels what is in the queue, and waits until it is empty. */
  clear(): Promise<void>
  stop(): Promise<void>
}

interface Place {
  folder: string
  host: string
  /** What daemons are started by: in a name space of their own where the host's name is not loopback. */
  ahead: string[]
}

/** Whether file systems may be mounted here. */
export const mayMount =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

/** Lines of `slurm.conf` in place of those that a cluster has otherwise. */
export type SlurmConfig = Record<string, string | number>

const MEMORY_GROUPS = '/sys/fs/cgroup/memory'

/** Whether this machine lets a cluster hold its elements to the memory that they asked for. */
export const isMemoryHeld =
  process.getuid?.() === 0 && existsSync(join(MEMORY_GROUPS, 'memory.limit_in_bytes'))

/** Has the kernel end what takes more memory than it asked for, where it can. */
export const holdsMemory: SlurmConfig = isMemoryHeld
  ? { TaskPlugin: 'task/cgroup', SelectTypeParameters: 'CR_Core_Memory', DefMemPerCPU: 1000 }
  : {}

/** Starts a cluster; `SLURM_CONF` of this process names it until it is stopped. */
export async function startSlurm(config: SlurmConfig = {}, tries = 3): Promise<SlurmCluster> {
  const missing = missingSlurm()
  if (missing.length > 0) throw new Error(`Slurm is not installed: ${missing.join(', ')}`)
  const folder = await mkdtemp(join(tmpdir(), 'assay-slurm-'))
  const place = await placeOf(folder)
  writeFiles(place, await freePorts(3), config)
  const conf = join(folder, 'slurm.conf')
  const environment = { ...process.env, PATH, SLURM_CONF: conf }
  const run = (program: string, args: string[], timeout = 20_000) =>
    spawnSync(program, args, { env: environment, encoding: 'utf8', timeout })
  const unshared = mayMount ? join(folder, 'unshared') : null
  if (unshared !== null) mkdirSync(unshared)
  const daemon = (program: string, ...args: string[]) => {
    const isApart = unshared !== null && args.includes('lab2')
    const hidden = isApart
      ? ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"', unshared]
      : []
    const [first, ...rest] = [...place.ahead, ...hidden, program, ...args]
    const { status, stderr } = run(first!, rest)
    if (status !== 0) throw new Error(`${program} did not start: ${stderr}`)
  }
  const cluster: SlurmCluster = {
    conf,
    folder,
    unshared,
    call: (program, ...args) => {
      const { status, stdout, stderr } = run(program, args)
      if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
      return stdout
    },
    queue: () => {
      return cluster
        .call('squeue', '-h', '-a', '-r', '-o', '%F_%K %j %T %N')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [job = '', name = '', state = '', node = ''] = line.split(' ')
          return { job, name, state, node }
        })
    },
    killController: async () => {
      // It would forget what it was told in its last seconds, jobs among it: what changes now is saved with all that.
      const savedAt = () =>
        statSync(join(folder, 'state', 'job_state'), { throwIfNoEntry: false })?.mtimeMs ?? 0
      const before = savedAt()
      for (const { job } of cluster.queue())
        run('scontrol', ['update', `JobId=${job}`, 'Comment=.'])
      await until('the controller to save what it knows', () => savedAt() > before)
      await end(join(folder, 'slurmctld.pid'), 'SIGKILL')
    },
    startController: async () => {
      daemon('slurmctld')
      await until('the controller', () => run('squeue', ['-h'], 3000).status === 0)
    },
    loseNode: async (node) => {
      await end(join(folder, `slurmd-${node}.pid`), 'SIGKILL')
      await until(`the end of all that runs on ${node}`, () => {
        const pids = processesOf(conf, node)
        // One that ended meanwhile throws, and is looked for again.
        for (const pid of pids) process.kill(pid, 'SIGKILL')
        return pids.length === 0
      })
    },
    clear: async () => {
      run('scancel', ['--user', userInfo().username])
      await until('an empty queue', () => cluster.queue().length === 0)
    },
    stop: async () => {
      run('scancel', ['--full', '--signal=KILL', '--user', userInfo().username], 5000)
      run('scancel', ['--user', userInfo().username], 5000)
      await until('an empty queue', () => cluster.queue().length === 0, 10_000).catch(
        () => undefined
      )
      for (const name of readdirSync(folder).filter((one) => one.endsWith('.pid'))) {
        await end(join(folder, name), 'SIGTERM')
      }
      delete process.env['SLURM_CONF']
      letGoOfMemory(folder)
      await rm(folder, { recursive: true, force: true })
    }
  }
  try {
    daemon(
      'munged',
      `--key-file=${join(folder, 'munge', 'key')}`,
      `--socket=${join(folder, 'munge.sock')}`,
      `--pid-file=${join(folder, 'munged.pid')}`,
      `--log-file=${join(folder, 'log', 'munged.log')}`,
      `--seed-file=${join(folder, 'munge', 'seed')}`,
      '--num-threads=2',
      '--force'
    )
    daemon('slurmctld')
    for (const node of NODES) daemon('slurmd', '-N', node)
    await until('the nodes', () => idleNodes(run) === 2)
  } catch (error) {
    const isPortTaken = readdirSync(join(folder, 'log')).some((name) =>
      /address already in use/i.test(readFileSync(join(folder, 'log', name), 'utf8'))
    )
    await cluster.stop()
    if (isPortTaken && tries > 1) return startSlurm(config, tries - 1)
    throw error
  }
  process.env['SLURM_CONF'] = conf
  return cluster
}

const NODES = ['lab1', 'lab2']

function idleNodes(run: (program: string, args: string[]) => { stdout: string }): number {
  const { stdout } = run('sinfo', ['-h', '-p', 'main', '-t', 'idle', '-N', '-o', '%N'])
  return stdout.split('\n').filter((line) => line !== '').length
}

/** Daemons bind to the address of the host's own name: that must be loopback. */
async function placeOf(folder: string): Promise<Place> {
  const host = hostname().split('.')[0]!
  const found = await lookup(host, 4).catch(() => null)
  if (found?.address.startsWith('127.')) return { folder, host, ahead: [] }
  if (process.getuid?.() !== 0) {
    throw new Error(
      `the host name ${host} is not a loopback name; add "127.0.0.1 ${host}" to /etc/hosts`
    )
  }
  const ahead = ['unshare', '--uts', 'sh', '-c', 'hostname localhost && exec "$@"', '--']
  return { folder, host: 'localhost', ahead }
}

function writeFiles({ folder, host }: Place, ports: number[], config: SlurmConfig): void {
  for (const name of ['state', 'spool', 'log', 'munge'])
    mkdirSync(join(folder, name), { mode: 0o755 })
  spawnSync('chmod', ['755', folder])
  spawnSync('chmod', ['700', join(folder, 'munge')])
  writeFileSync(join(folder, 'munge', 'key'), randomBytes(1024), { mode: 0o600 })
  const user = userInfo().username
  const lines = [
    'ClusterName=assay',
    `SlurmctldHost=${host}(127.0.0.1)`,
    `SlurmctldPort=${ports[0]}`,
    `SlurmUser=${user}`,
    `SlurmdUser=${user}`,
    'AuthType=auth/munge',
    // A requeued element may start again after so many seconds and one; 1 would silently mean 120.
    `AuthInfo=socket=${folder}/munge.sock,cred_expire=5`,
    'CommunicationParameters=NoCtldInAddrAny,NoInAddrAny',
    `StateSaveLocation=${folder}/state`,
    `SlurmctldPidFile=${folder}/slurmctld.pid`,
    `SlurmdPidFile=${folder}/slurmd-%n.pid`,
    `SlurmdSpoolDir=${folder}/spool/%n`,
    `SlurmctldLogFile=${folder}/log/slurmctld.log`,
    `SlurmdLogFile=${folder}/log/slurmd-%n.log`,
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'SwitchType=switch/none',
    'MailProg=/bin/true',
    'MpiDefault=none',
    'JobAcctGatherType=jobacct_gather/none',
    'AccountingStorageType=accounting_storage/none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core',
    'GresTypes=gpu',
    'SchedulerType=sched/backfill',
    'SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,sched_min_interval=0',
    'ReturnToService=2',
    'SlurmdTimeout=60',
    'PreemptType=preempt/partition_prio',
    'PreemptMode=REQUEUE',
    'SlurmctldParameters=preempt_send_user_signal',
    'InactiveLimit=0',
    // A finished element is forgotten soon: its result must not depend on the queue.
    'MinJobAge=8',
    'KillWait=5',
    'MaxArraySize=1001',
    'JobRequeue=1',
    'SlurmdParameters=config_overrides',
    'SlurmctldDebug=info',
    'SlurmdDebug=info',
    ...NODES.map(
      (node, index) =>
        `NodeName=${node} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${ports[index + 1]} CPUs=2 RealMemory=2000 Gres=gpu:2 State=UNKNOWN`
    ),
    // Work in "main" preempts work in "spare", on the same nodes.
    'PartitionName=main Nodes=lab[1-2] Default=YES MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF',
    'PartitionName=spare Nodes=lab[1-2] Default=NO MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=5'
  ]
  const { MinJobAge = 8, KillWait = 5 } = config
  if (Number(MinJobAge) <= Number(KillWait)) {
    // An age counts from when its end was told: who took all of the wait would be forgotten unseen.
    throw new Error(`MinJobAge ${MinJobAge} must be more than KillWait ${KillWait}`)
  }
  const own = Object.entries(config).map(([name, value]) => `${name}=${value}`)
  const kept = lines.filter((line) => !Object.hasOwn(config, line.split('=')[0]!))
  writeFileSync(join(folder, 'slurm.conf'), `${[...kept, ...own].join('\n')}\n`)
  if (config['TaskPlugin'] === 'task/cgroup') holdMemory(folder)
  const gres = NODES.map((node) => {
    const devices = join(folder, 'dev', node)
    mkdirSync(devices, { recursive: true })
    mkdirSync(join(folder, 'spool', node))
    for (const gpu of [0, 1]) symlinkSync('/dev/null', join(devices, `nvidia${gpu}`))
    return `NodeName=${node} Name=gpu File=${devices}/nvidia[0-1]`
  })
  writeFileSync(join(folder, 'gres.conf'), `${gres.join('\n')}\n`)
}

/** Memory groups of a cluster of its own, which no other's are mistaken for. */
function holdMemory(folder: string): void {
  const groups = join(MEMORY_GROUPS, basename(folder))
  mkdirSync(groups)
  mkdirSync(join(folder, 'cgroup'))
  symlinkSync(groups, join(folder, 'cgroup', 'memory'))
  const lines = [
    'CgroupPlugin=cgroup/v1',
    `CgroupMountpoint=${join(folder, 'cgroup')}`,
    'ConstrainRAMSpace=yes'
  ]
  writeFileSync(join(folder, 'cgroup.conf'), `${lines.join('\n')}\n`)
}

function letGoOfMemory(folder: string): void {
  const groups = join(MEMORY_GROUPS, basename(folder))
  if (existsSync(groups)) spawnSync('find', [groups, '-depth', '-type', 'd', '-delete'])
}

/** Waits until something is so; what throws is not so yet. @throws after a while */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  patienceMs = 60_000
): Promise<void> {
  const end = performance.now() + patienceMs
  for (;;) {
    let cause: unknown
    try {
      if (await isSo()) return
    } catch (error) {
      cause = error
    }
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`, { cause })
    await sleep(100)
  }
}

/** What a node of a cluster runs, each step's own daemon ahead of it: that would tell how it ended. */
function processesOf(conf: string, node: string): number[] {
  const textOf = (pid: number, name: string) => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'utf8')
    } catch {
      return ''
    }
  }
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
  const running = pids.filter((pid) => {
    const variables = textOf(pid, 'environ').split('\0')
    return variables.includes(`SLURMD_NODENAME=${node}`) && variables.includes(`SLURM_CONF=${conf}`)
  })
  const parents = running.map((pid) => Number(/^PPid:\s*(\d+)/m.exec(textOf(pid, 'status'))?.[1]))
  const steps = parents.filter((pid) => textOf(pid, 'comm').startsWith('slurmstepd'))
  return [...new Set([...steps, ...running])]
}

/** Ends exactly the daemon that wrote this file: a number may be another's by now. */
async function end(pidFile: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (!existsSync(pidFile)) return
  const pid = Number(readFileSync(pidFile, 'utf8'))
  const isOurs = () => {
    try {
      return /^(slurm|munged)/.test(readFileSync(`/proc/${pid}/comm`, 'utf8'))
    } catch {
      return false
    }
  }
  if (pid > 0 && isOurs()) process.kill(pid, signal)
  await until(`the end of ${pid}`, () => !isOurs(), 10_000).catch(() => {
    if (isOurs()) process.kill(pid, 'SIGKILL')
  })
}
