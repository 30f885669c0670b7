/** A project's folder on a cluster's own storage, kept alike by rsync over ssh. */
import { execFile } from 'node:child_process'
import { join, posix } from 'node:path'
import { WorkbenchError, toPlain } from '#shared/errors'
import { makeFolder } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import { stepsOf } from '#engine/storage/savedState'
import type { SavedState } from '#engine/storage/savedState'
import { callClient, clientEnvironment, sshOptions } from './clients'
import type { ClusterFolder } from './clusterFolder'
import { quoted } from './quoted'
import { wordsOf } from './queue'

/** What a job reads, besides its submission: records, prepared text, and what runs start from. */
const READ = [
  '/project.assay',
  '/measurements.jsonl',
  '/tokens/***',
  '/tokenizers/***',
  '/seeds/***',
  '/runs/***',
  '/cache/',
  '/cache/prepared-*.json',
  '/cache/checkpoint-*.json',
  '/cache/overlap-*',
  '/cache/token-losses/***',
  '/cluster/'
]

/** Folders in which elements leave something. */
const PULLED = ['runs', 'outcomes', 'cache/token-losses', 'cluster']

/** What prepared text is; nothing of it changes once it is there. */
const TEXT = ['tokens', 'tokenizers']

/** What belongs to who is at work in one of the two folders. */
const NOT_COPIED = ['claim.json*', '*.draft-*', '*.replaced-*'].map((name) => `--exclude=${name}`)

/**
 * Of a trainer's command nothing but its log: what it is given, keeps and says at its end is its own machine's, and is much.
 *
 * @param run a run's folder, as patterns of this copy have it
 */
const notOfCommand = (run: string) => [
  `--include=${run}/command/log.txt`,
  `--exclude=${run}/command/*`
]

/** Status of rsync: something went away while it was read, as drafts do. */
const GONE_MEANWHILE = 24

/** Statuses of rsync, and of ssh below it, where the way there was cut: it may be there again soon. */
const CUT_OFF = [12, 30, 35, 255]

/** A copy takes as long as it takes; one that stands still for so long is given up, seconds. */
const STANDSTILL_SECONDS = 120

/**
 * The project in another folder of another host.
 *
 * Pushed before each submission, so that its elements find what the ones before made; what they leave is pulled
 * as it comes. A finished run's manifest comes last, after all its files.
 */
export function remoteFolder(
  project: string,
  { host, folder: named }: { host: string; folder: string }
): ClusterFolder {
  const folder = plainFolder(named)
  const there = (path: string) => `${host}:${posix.join(folder, path)}`
  let isMade = false
  const makeThere = async () => {
    const folders = PULLED.map((name) => posix.join(folder, name))
    const called = await callClient({ host }, 'mkdir', ['-p', ...folders])
    if (called.status !== 0) {
      throw copyError({ host, folder }, called.status, wordsOf(called.stderr))
    }
    isMade = true
  }
  return {
    project: folder,
    push: async ({ key, kind }) => {
      await makeThere()
      // Texts as they were imported are read by preparing alone.
      const read = kind === 'prepare' ? [...READ, '/corpora/***'] : READ
      const chosen = [...read, `/cluster/${key}/***`].map((path) => `--include=${path}`)
      const wanted = [...NOT_COPIED, ...notOfCommand('/runs/*'), ...chosen, '--exclude=*']
      await copy({ host, folder }, [...wanted, `${project}/`, there('/')])
    },
    pull: async (runs, signal) => {
      try {
        // What is not there yet would be an error as any other.
        if (!isMade) await makeThere()
        await pullAll({ host, folder }, project, runs, signal)
        return null
      } catch (error) {
        const { code, message } = toPlain(error)
        if (code === 'executor/unavailable') return error as WorkbenchError
        return copyError({ host, folder }, null, message)
      }
    },
    pullText: async (signal) => {
      for (const name of TEXT) {
        await makeFolder(join(project, name))
        const from = [...NOT_COPIED, `${there(name)}/`]
        await copy({ host, folder }, [...from, `${project}/${name}/`], signal)
      }
      const marks = ['--include=overlap-*', '--exclude=*', `${there('cache')}/`]
      await copy({ host, folder }, [...NOT_COPIED, ...marks, `${project}/cache/`], signal)
    },
    savedState: (run) => savedThere(host, posix.join(folder, 'runs', run)),
    forget: async (key) => {
      await callClient({ host }, 'rm', ['-rf', posix.join(folder, 'cluster', key)])
    },
    pullLog: async ({ submission, index }) => {
      const name = `cluster/${submission.key}/${submission.array}_${index}.log`
      const to = projectPaths.submission(project, submission.key)
      await copy({ host, folder }, [there(name), to]).catch(() => undefined)
    }
  }
}

/** A folder as a shell there says it is in, once it went there: without `//`, `/./` or a slash at its end. */
export function plainFolder(folder: string): string {
  const plain = posix.normalize(folder)
  return plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain
}

/** Says, on the other machine, how far a run is saved, and what its command keeps: name, size and time. */
const SAVED = `cat "$1/resume/progress.json" 2>/dev/null
echo
cd "$1/command/state" 2>/dev/null || exit 0
find . -type f -printf '%P %s %T@\\n' | LC_ALL=C sort`

async function savedThere(host: string, run: string): Promise<SavedState | null> {
  const { status, stdout } = await callClient({ host }, 'sh', ['-c', SAVED, 'sh', run])
  if (status !== 0) return null
  const [progress = '', ...files] = stdout.trimEnd().split('\n')
  return { steps: stepsOf(progress), files: files.join('\n') }
}

/**
 * Files of runs first, then their manifests, then outcomes: what is told to be finished is there. An outcome is
 * moved: once taken in it must not come back.
 *
 * @throws WorkbenchError `executor/unavailable`; the signal's reason. The rest is copied the next time
 */
async function pullAll(
  there: There,
  project: string,
  runs: readonly string[],
  signal?: AbortSignal
): Promise<void> {
  const from = (path: string) => `${there.host}:${posix.join(there.folder, path)}/`
  const to = (path: string) => `${project}/${path}/`
  const chosen = runs.map((run) => `--include=/${run}/***`)
  const wanted = ['--exclude=resume', ...notOfCommand('/*'), ...chosen, '--exclude=*']
  const ofRuns = [...wanted, from('runs'), to('runs')]
  const answers = ['--include=/*/', '--include=/*/answer.txt', '--exclude=*', '--prune-empty-dirs']
  // Each step is a login of its own: of no run only what a check's element answered is wanted.
  const steps: string[][] =
    runs.length === 0
      ? [[...answers, from('cluster'), to('cluster')]]
      : [
          ['--exclude=manifest.json', ...ofRuns],
          ofRuns,
          [from('cache/token-losses'), to('cache/token-losses')],
          ['--remove-source-files', from('outcomes'), to('outcomes')]
        ]
  for (const name of PULLED) await makeFolder(join(project, name))
  // Without its files a manifest would say too much: what fails is the last.
  for (const args of steps) await copy(there, [...NOT_COPIED, ...args], signal)
}

/** Where the copy lies. */
interface There {
  host: string
  folder: string
}

/** @throws WorkbenchError `executor/unavailable`; the signal's reason */
async function copy(there: There, args: readonly string[], signal?: AbortSignal): Promise<void> {
  const shell = ['ssh', ...sshOptions()].map(quoted).join(' ')
  const options = [
    '--archive',
    // Before 3.2.4 a shell there would read names as words.
    '-s',
    '--ignore-missing-args',
    '--no-owner',
    '--no-group',
    '--update',
    `--timeout=${STANDSTILL_SECONDS}`,
    `--rsh=${shell}`
  ]
  signal?.throwIfAborted()
  const { status, stderr } = await new Promise<{ status: number | null; stderr: string }>(
    (resolve) => {
      const settings = { env: clientEnvironment(), maxBuffer: 1 << 26, ...(signal && { signal }) }
      const child = execFile('rsync', [...options, ...args], settings, (error, _, said) => {
        const isMissing = (error as NodeJS.ErrnoException | null)?.code === 'ENOENT'
        resolve({ status: child.exitCode, stderr: isMissing ? 'there is no rsync here' : said })
      })
    }
  )
  signal?.throwIfAborted()
  if (status !== 0 && status !== GONE_MEANWHILE) throw copyError(there, status, stderr.trim())
}

function copyError({ host, folder }: There, status: number | null, found: string): WorkbenchError {
  return new WorkbenchError(
    'executor/unavailable',
    `The project could not be copied to or from ${folder} on ${host}: "${found}" rsync 3 must be on both machines (openrsync, which macOS brings, is not enough), and the folder one that you may write.`,
    { host, folder, found, isCutOff: CUT_OFF.includes(status ?? -1) }
  )
}
