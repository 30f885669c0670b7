/** One writer per project: a lock that outlives no process and trusts no clock but its own. */
import { WorkbenchError } from '#shared/errors'
import { createFileExclusive, removeTree, writeFileAtomic } from './files'
import { becomeHolder, endHolding, isHolding } from './holders'
import type { Holder } from './holders'
import { projectPaths } from './paths'
import { isOfThisMachine, readIdentified } from './processIdentity'

/** A held lock; `release` it when the project is closed. */
export interface ProjectLock {
  release(): Promise<void>
}

function isHolderAlive(holder: Holder): boolean {
  // Of another machine nothing can be known: its lock counts as held until somebody removes it.
  return !isOfThisMachine(holder) || isHolding(holder)
}

/**
 * Takes a project for this process.
 *
 * The lock of a dead process (this machine, other boot, gone pid, or pid reused by a process that
 * started at another time) is taken over, by one process at a time: who takes over holds a second
 * lock meanwhile, so that none takes away what another has just taken.
 *
 * @throws WorkbenchError `storage/locked` naming who holds it
 */
export async function lockProject(project: string): Promise<ProjectLock> {
  const path = projectPaths.lock(project)
  const mine = await becomeHolder({}, (holder) => takeLock(project, path, holder))
  return {
    release: async () => {
      try {
        if (await isHeldBy(path, mine)) await removeTree(path)
      } finally {
        // One that could not be removed is nobody's.
        endHolding(mine)
      }
    }
  }
}

async function takeLock(project: string, path: string, mine: Holder): Promise<void> {
  const text = JSON.stringify(mine)
  if (!(await createFileExclusive(path, text))) {
    await assertAbandoned(project, path)
    const takeover = `${path}.takeover`
    await claimTakeover(project, takeover, text)
    try {
      // Another may have taken it over, and be done with that, since this process looked.
      const holder = await assertAbandoned(project, path)
      if (holder) await writeFileAtomic(path, text)
      // Given free meanwhile: whoever comes first has it.
      else if (!(await createFileExclusive(path, text))) throw await lockedError(project, path)
      // Two may have cleared one dead take-over: the last to write has the project.
      if (!(await isHeldBy(path, mine))) throw await lockedError(project, path)
    } finally {
      await removeTree(takeover)
    }
  }
}

/** The second lock; one that a dead process left is cleared first. */
async function claimTakeover(project: string, takeover: string, text: string): Promise<void> {
  if (await createFileExclusive(takeover, text)) return
  if (await assertAbandoned(project, takeover)) await removeTree(takeover)
  if (!(await createFileExclusive(takeover, text))) throw await lockedError(project, takeover)
}

/** @returns true when a dead process holds it, false where there is no lock any more */
async function assertAbandoned(project: string, path: string): Promise<boolean> {
  const holder = await readIdentified<Holder>(path)
  if (holder === null) return false
  // Locks are written whole: a damaged one is of a machine that went down.
  if (holder === 'damaged') return true
  if (holder === 'unreadable' || isHolderAlive(holder)) throw await lockedError(project, path)
  return true
}

async function isHeldBy(path: string, { nonce }: Holder): Promise<boolean> {
  const holder = await readIdentified<Holder>(path)
  return typeof holder === 'object' && holder?.nonce === nonce
}

async function lockedError(project: string, path: string): Promise<WorkbenchError> {
  const found = await readIdentified<Holder>(path)
  const holder = typeof found === 'object' ? found : null
  const unreadable = found === 'unreadable' ? ', whose lock cannot be read' : ''
  const who = holder
    ? `process ${holder.pid} on ${holder.host} since ${holder.since}`
    : `another process${unreadable}`
  return new WorkbenchError(
    'storage/locked',
    `The project ${project} is in use by ${who}. Wait for it to end, or stop it; if it is gone, delete ${path}.`,
    { project, pid: holder?.pid ?? null, host: holder?.host ?? null, since: holder?.since ?? null }
  )
}
