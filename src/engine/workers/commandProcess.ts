/** Calls a command, hears what it says, and leaves nothing of it running. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeFileAtomic } from '#engine/storage/files'
import {
  identityOf,
  isAlive,
  isOfThisMachine,
  readIdentified
} from '#engine/storage/processIdentity'

/**
 * Watches over the command in a shell of its own, which leads the process group: the words come to it as
 * arguments and are never read as script. When the other end of descriptor 3 closes, since the run is to stop
 * or since the worker is gone, the group is asked to end, and killed when its time is up.
 */
const WATCH = `
grace=$1
shift
command -v "$1" >/dev/null 2>&1 || { echo "$1: not found" >&2; exit 127; }
trap : TERM INT HUP
"$@" 3<&- &
child=$!
(
  trap '' TERM INT HUP
  read -r word <&3
  kill -TERM 0
  while [ "$grace" -gt 0 ] && kill -0 "$child"; do
    sleep 1
    grace=$((grace - 1))
  done
  kill -KILL 0
) >/dev/null 2>&1 &
wait "$child"
status=$?
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  status=$?
done
exit "$status"
`

/** Between two looks at what is to end. */
const LOOK_EVERY_MS = 100
/** The end of what it said waits so long for what was not read yet. */
const LAST_WORDS_MS = 1000

export interface CommandCall {
  /** Program and arguments. */
  words: readonly string[]
  /** Lines of `/bin/sh` before it. */
  setup: readonly string[]
  folder: string
  environment: NodeJS.ProcessEnv
  graceSeconds: number
  /** Told in pieces what it says, on both of its ways. */
  onText: (text: string) => void
  /** Aborting asks it to end. */
  signal: AbortSignal
  /** A file that names the process while it runs. */
  mark: string
}

/** How a command ended. */
export interface CommandEnd {
  /** Null where a signal ended it. */
  status: number | null
  signal: string | null
}

/** Signals that a shell tells by a status of 128 and their number. */
const SIGNALS: Record<number, string> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM'
}

/** Runs a command to its end; when that comes, none of its process group is left. */
export async function callCommand(call: CommandCall): Promise<CommandEnd> {
  const script = [...call.setup, WATCH].join('\n')
  const child = spawn(
    '/bin/sh',
    ['-c', script, 'assay-trainer', String(call.graceSeconds), ...call.words],
    {
      cwd: call.folder,
      env: call.environment,
      // A group of its own, which is ended as a whole.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe']
    }
  )
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8')
    stream.on('data', call.onText)
  }
  const letGo = () => child.stdio[3]?.destroy()
  call.signal.addEventListener('abort', letGo, { once: true })
  if (call.signal.aborted) letGo()
  try {
    // Where it cannot be marked it is ended at once: nobody would know of it after this process.
    const [end] = await Promise.all([endOf(child), markProcess(call.mark, child.pid)])
    return end
  } finally {
    call.signal.removeEventListener('abort', letGo)
    killGroup(child.pid)
    letGo()
  }
}

async function endOf(child: ChildProcess): Promise<CommandEnd> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const end = await new Promise<CommandEnd>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      const told = code !== null && code > 128 ? SIGNALS[code - 128] : undefined
      resolve(told === undefined ? { status: code, signal } : { status: null, signal: told })
    })
  })
  // Whoever left the group, or a grandchild on its way out, may hold its streams open.
  killGroup(child.pid)
  const timer = new AbortController()
  await Promise.race([closed, sleep(LAST_WORDS_MS, null, timer).catch(() => null)])
  timer.abort()
  child.stdout?.destroy()
  child.stderr?.destroy()
  return end
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left in it.
  }
}

async function markProcess(path: string, pid: number | undefined): Promise<void> {
  if (pid === undefined) return
  await writeFileAtomic(path, JSON.stringify(identityOf(pid)))
}

/**
 * Waits for a command of an earlier call whose worker is gone: it was asked to end then, and two of them must
 * not write into one folder. It is not killed by what a file says of it.
 *
 * @param seconds it is waited for
 * @returns its process where it is there still, or what is said of it cannot be read; else null
 */
export async function awaitEarlier(
  mark: string,
  seconds: number,
  signal: AbortSignal
): Promise<number | 'unknown' | null> {
  const patientUntil = performance.now() + seconds * 1000
  for (;;) {
    const earlier = await readIdentified(mark)
    if (earlier === null || earlier === 'damaged') return null
    if (earlier !== 'unreadable' && !(isOfThisMachine(earlier) && isAlive(earlier))) return null
    signal.throwIfAborted()
    if (performance.now() > patientUntil) return earlier === 'unreadable' ? 'unknown' : earlier.pid
    await sleep(LOOK_EVERY_MS)
  }
}
