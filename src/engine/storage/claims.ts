/** Who trains a run: one process at a time, on whichever machine that sees the project. */
import { setTimeout as sleep } from 'node:timers/promises'
import { WorkbenchError } from '#shared/errors'
import { createFileExclusive, makeFolder, removeTree, writeFileAtomic } from './files'
import { becomeHolder, endHolding, isHolding, isOwn } from './holders'
import type { Holder } from './holders'
import { projectPaths } from './paths'
import { isOfThisMachine, readIdentified } from './processIdentity'

interface ClaimRecord extends Holder {
  /** Slurm's id of the element that does it: when that begins again, nobody else does. */
  job: string | null
  /** Counts on while the process lives. */
  beat: number
  /** The beat may stand still so long, ms. */
  patienceMs: number
}

/** A run that is this process's to train. */
export interface Claim {
  /** False once another has taken it over. */
  isHeld(): boolean
  /** @throws WorkbenchError `run/claimed` once another has taken it over */
  assertHeld(): void
  release(): Promise<void>
}

/** The beat is written so often, in ms. */
const BEAT_MS = 15_000

/** A beat that stands still for so long is nobody's any more, in ms. */
const PATIENCE_MS = 45_000

/** A process of this machine that is about to end is waited for so long, in ms. */
const ENDING_MS = 10_000

/** Who takes a claim over looks again after so long whether it has it, in ms. */
const SETTLING_MS = 200

/** What tests shorten. */
export interface ClaimPace {
  beatMs?: number
  patienceMs?: number
  endingMs?: number
  signal?: AbortSignal
}

/**
 * Claims a run.
 *
 * Of this machine's processes it is known whether they live, and an element of Slurm that begins again is the one
 * that had it: these are taken over at once. Of another machine's nothing is known but whether its beat goes on,
 * by this machine's clock: it is watched, and taken over where it stands still.
 *
 * @throws WorkbenchError `run/claimed` naming who trains it; the signal's reason when aborted while it is watched
 */
export async function claimRun(
  project: string,
  fingerprint: string,
  pace: ClaimPace = {}
): Promise<Claim> {
  const { beatMs = BEAT_MS, patienceMs = PATIENCE_MS } = pace
  const path = projectPaths.claim(project, fingerprint)
  await makeFolder(projectPaths.run(project, fingerprint))
  const mine = await becomeHolder({ job: ownElement(), beat: 0, patienceMs }, (holder) =>
    takeClaim(path, holder, fingerprint, pace)
  )
  return heldClaim(path, mine, { beatMs, fingerprint })
}

async function takeClaim(
  path: string,
  mine: ClaimRecord,
  fingerprint: string,
  pace: ClaimPace
): Promise<void> {
  if (!(await createFileExclusive(path, JSON.stringify(mine)))) {
    await awaitAbandoned(path, fingerprint, pace)
    await writeFileAtomic(path, JSON.stringify(mine))
    // Two may have found it abandoned, or who had it woke up just then: the last to write has it.
    await sleep(Math.min(SETTLING_MS, mine.patienceMs / 10))
    const holder = await readClaim(path)
    if (!isHeldBy(holder, mine)) throw claimedError(holder, fingerprint)
  }
}

/**
 * True where somebody may be at work in a run's folder, whose drafts are then his: a process that lives here, or
 * one of another machine.
 */
export async function isClaimed(project: string, fingerprint: string): Promise<boolean> {
  const holder = await readClaim(projectPaths.claim(project, fingerprint))
  return holder === 'unreadable' || (holder !== null && !isLeft(holder))
}

/** Slurm's id of the array element that this process is of; null where it is none. */
export function ownElement(environment: NodeJS.ProcessEnv = process.env): string | null {
  const { SLURM_ARRAY_JOB_ID: array, SLURM_ARRAY_TASK_ID: index } = environment
  return array === undefined || index === undefined ? null : `${array}_${index}`
}

function heldClaim(
  path: string,
  mine: ClaimRecord,
  { beatMs, fingerprint }: { beatMs: number; fingerprint: string }
): Claim {
  let loss: WorkbenchError | null = null
  let lastAt = performance.now()
  let beating: Promise<void> = Promise.resolve()
  const beat = async () => {
    if (loss) return
    const found = await readIdentified<ClaimRecord>(path)
    if (found === 'unreadable') return
    // Gone: who took it over while this process stood still is done with it, or somebody took it away.
    if (found === null || (found !== 'damaged' && found.nonce !== mine.nonce)) {
      loss = claimedError(found, fingerprint)
      return
    }
    const now = performance.now()
    // A step that takes long holds the beat up: who watches must wait as long.
    mine.patienceMs = Math.max(mine.patienceMs, 3 * (now - lastAt))
    lastAt = now
    mine.beat++
    await writeFileAtomic(path, JSON.stringify(mine))
  }
  const timer = setInterval(() => {
    // A beat that fails says nothing; the disk's trouble is met, and told, where something is saved.
    beating = beating.then(beat).catch(() => undefined)
  }, beatMs)
  return {
    isHeld: () => loss === null,
    assertHeld: () => {
      if (loss) throw loss
    },
    release: async () => {
      clearInterval(timer)
      endHolding(mine)
      await beating
      if (isHeldBy(await readClaim(path), mine)) await removeTree(path)
    }
  }
}

/** @throws WorkbenchError `run/claimed` */
async function awaitAbandoned(path: string, fingerprint: string, pace: ClaimPace): Promise<void> {
  const holder = await readClaim(path)
  if (holder === 'unreadable') throw claimedError(holder, fingerprint)
  if (holder === null || isLeft(holder)) return
  if (isOwn(holder)) throw claimedError(holder, fingerprint)
  if (isOfThisMachine(holder)) return awaitEnd(path, fingerprint, pace)
  const patienceMs = Math.max(holder.patienceMs, pace.patienceMs ?? PATIENCE_MS)
  const lookMs = Math.min(1000, patienceMs / 10)
  // Its beat must stand still at so many looks: while this process, or the way to the disk, stood still itself, it
  // has seen nothing, and the clock that went on meanwhile says nothing.
  for (let watched = 0; watched < patienceMs; watched += lookMs) {
    await sleep(lookMs, undefined, { ...(pace.signal ? { signal: pace.signal } : {}) })
    const now = await readClaim(path)
    if (now === null) return
    if (now === 'unreadable' || now.nonce !== holder.nonce || now.beat !== holder.beat) {
      throw claimedError(now, fingerprint)
    }
  }
}

/** A worker whose host was killed an instant ago ends by itself. @throws WorkbenchError `run/claimed` */
async function awaitEnd(
  path: string,
  fingerprint: string,
  { endingMs = ENDING_MS, signal }: ClaimPace
): Promise<void> {
  const end = performance.now() + endingMs
  for (;;) {
    const holder = await readClaim(path)
    if (holder === null || (holder !== 'unreadable' && isLeft(holder))) return
    if (performance.now() >= end) throw claimedError(holder, fingerprint)
    await sleep(Math.min(200, endingMs), undefined, signal ? { signal } : {})
  }
}

/** True where its process is known to be gone, or begins again as this one. */
function isLeft(holder: ClaimRecord): boolean {
  if (holder.job !== null && holder.job === ownElement()) return !isOwn(holder)
  return isOfThisMachine(holder) && !isHolding(holder)
}

type FoundClaim = ClaimRecord | 'unreadable' | null

/** @returns null where there is none, or a damaged one: they are written whole, so its machine went down */
async function readClaim(path: string): Promise<FoundClaim> {
  const found = await readIdentified<ClaimRecord>(path)
  return found === 'damaged' ? null : found
}

function isHeldBy(found: FoundClaim, { nonce }: ClaimRecord): boolean {
  return found !== null && found !== 'unreadable' && found.nonce === nonce
}

function claimedError(found: FoundClaim, run: string): WorkbenchError {
  const holder = found === 'unreadable' ? null : found
  const job = holder?.job ? ` (job ${holder.job} of the cluster)` : ''
  const who = holder
    ? `process ${holder.pid} on ${holder.host}${job}`
    : `another process${found === null ? '' : ', whose claim cannot be read'}`
  return new WorkbenchError(
    'run/claimed',
    `The run ${run.slice(0, 12)} is being trained by ${who}${holder ? ` since ${holder.since}` : ''}. Wait until it is done, or stop it there; then try the run again.`,
    { run, host: holder?.host ?? null, pid: holder?.pid ?? null, job: holder?.job ?? null }
  )
}
