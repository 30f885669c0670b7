/** A project's folder on a cluster's own storage, kept alike by rsync over ssh. */
import { execFile } from 'node:child_process'
import { join, posix } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import { makeFolder } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
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

/** What prepared text is; nothing of it changes once it is there. */
const TEXT = ['tokens', 'tokenizers']

/** What belongs to who is at work in one of the two folders. */
const NOT_COPIED = ['claim.json*', '*.draft-*', '*.replaced-*'].map((name) => `--exclude=${name}`)

/** Statuses of rsync: a folder is not there yet, or something went away while it was read, as drafts do. */
const NOT_THERE = 23
const GONE_MEANWHILE = 24

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
  { host, folder }: { host: string; folder: string }
): ClusterFolder {
  const there = (path: string) => `${host}:${posix.join(folder, path)}`
  return {
    project: folder,
    push: async ({ key, kind }) => {
      const folders = ['runs', 'outcomes'].map((name) => posix.join(folder, name))
      const called = await callClient({ host }, 'mkdir', ['-p', ...folders])
      if (called.status !== 0) throw copyError(host, folder, wordsOf(called.stderr))
      // Texts as they were imported are read by preparing alone.
      const read = kind === 'prepare' ? [...READ, '/corpora/***'] : READ
      const chosen = [...read, `/cluster/${key}/***`].map((path) => `--include=${path}`)
      await copy(host, folder, [...NOT_COPIED, ...chosen, '--exclude=*', `${project}/`, there('/')])
    },
    pull: (runs) => pullAll(host, folder, project, runs),
    pullText: async () => {
      for (const name of TEXT) {
        await makeFolder(join(project, name))
        await copy(host, folder, [...NOT_COPIED, `${there(name)}/`, `${project}/${name}/`])
      }
      const marks = ['--include=overlap-*', '--exclude=*', `${there('cache')}/`]
      await copy(host, folder, [...NOT_COPIED, ...marks, `${project}/cache/`])
    },
    forget: async (key) => {
      await callClient({ host }, 'rm', ['-rf', posix.join(folder, 'cluster', key)])
    },
    pullLog: async ({ submission, index }) => {
      const name = `cluster/${submission.key}/${submission.array}_${index}.log`
      await copy(host, folder, [
        there(name),
        projectPaths.submission(project, submission.key)
      ]).catch(() => undefined)
    }
  }
}

/**
 * Files of runs first, then their manifests, then outcomes: what is told to be finished is there. An outcome is
 * moved: once taken in it must not come back.
 */
async function pullAll(
  host: string,
  folder: string,
  project: string,
  runs: readonly string[]
): Promise<void> {
  const from = (path: string) => `${host}:${posix.join(folder, path)}/`
  const to = (path: string) => `${project}/${path}/`
  const chosen = runs.map((run) => `--include=/${run}/***`)
  const ofRuns = ['--exclude=resume', ...chosen, '--exclude=*', from('runs'), to('runs')]
  const answers = ['--include=/*/', '--include=/*/answer.txt', '--exclude=*', '--prune-empty-dirs']
  // What cannot be copied now is copied the next time; that a host is away the queue says too.
  const steps: string[][] = [
    ['--exclude=manifest.json', ...ofRuns],
    ofRuns,
    [from('cache/token-losses'), to('cache/token-losses')],
    ['--remove-source-files', from('outcomes'), to('outcomes')],
    [...answers, from('cluster'), to('cluster')]
  ]
  for (const name of ['runs', 'outcomes', 'cache/token-losses', 'cluster']) {
    await makeFolder(join(project, name))
  }
  for (const args of steps) {
    const isCopied = await copy(
      host,
      folder,
      [...NOT_COPIED, ...args],
      [NOT_THERE, GONE_MEANWHILE]
    ).then(
      () => true,
      () => false
    )
    // Without its files a manifest would say too much.
    if (!isCopied) return
  }
}

/** @throws WorkbenchError `executor/unavailable` */
async function copy(
  host: string,
  folder: string,
  args: readonly string[],
  mayMiss: readonly number[] = [GONE_MEANWHILE]
): Promise<void> {
  const shell = ['ssh', ...sshOptions()].map(quoted).join(' ')
  const options = [
    '--archive',
    '--ignore-missing-args',
    '--no-owner',
    '--no-group',
    '--update',
    `--timeout=${STANDSTILL_SECONDS}`,
    `--rsh=${shell}`
  ]
  const { status, stderr } = await new Promise<{ status: number | null; stderr: string }>(
    (resolve) => {
      const settings = { env: clientEnvironment(), maxBuffer: 1 << 26 }
      const child = execFile('rsync', [...options, ...args], settings, (error, _, said) => {
        const isMissing = (error as NodeJS.ErrnoException | null)?.code === 'ENOENT'
        resolve({ status: child.exitCode, stderr: isMissing ? 'there is no rsync here' : said })
      })
    }
  )
  if (status !== 0 && !mayMiss.includes(status ?? -1)) throw copyError(host, folder, stderr.trim())
}

function copyError(host: string, folder: string, found: string): WorkbenchError {
  return new WorkbenchError(
    'executor/unavailable',
    `The project could not be copied to ${folder} on ${host}: "${found}" rsync must be on both machines, and the folder one that you may write.`,
    { host, folder, found }
  )
}
