/** Calls Slurm's client programs, here or by ssh on a submit host. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { quoted } from './quoted'
import { CLIENTS_VARIABLE } from './script'

/** What came of a call. */
export interface Called {
  /** Exit status; null where it was cut off after its time, or could not be started. */
  status: number | null
  stdout: string
  stderr: string
  /** True where there is no such program, or no ssh to reach it by. */
  isMissing: boolean
}

/** Whom Slurm's programs are called on. */
export interface SubmitHost {
  /** Name for ssh; this machine without. */
  host?: string | undefined
}

/** Clients wait 9 to 18 s for a controller that is away before they say so. */
const PATIENCE_MS = 45_000

/** A file of ssh's settings in place of the user's own. */
const SSH_CONFIG = 'ASSAY_SSH_CONFIG'

/** What is set in this process's job or by its user's shell must not steer what it submits. */
const NOT_PASSED_ON = /^(SLURM_|SLURMD_|SBATCH_|SQUEUE_|SCANCEL_|SCONTROL_|SACCT_|SINFO_|ELECTRON_)/

/** This process's environment as Slurm's programs get it. */
export function clientEnvironment(
  environment: NodeJS.ProcessEnv = process.env
): Record<string, string> {
  const kept = Object.entries(environment).filter(
    ([name]) => name === 'SLURM_CONF' || !NOT_PASSED_ON.test(name)
  )
  return Object.fromEntries(kept) as Record<string, string>
}

/**
 * Calls a program with arguments, never through a shell of this machine, and never without a limit.
 *
 * @param options `variables`: set for it alone
 */
export function callClient(
  { host }: SubmitHost,
  program: string,
  args: readonly string[],
  options: { input?: string; variables?: Record<string, string>; patienceMs?: number } = {}
): Promise<Called> {
  const { input = '', variables = {}, patienceMs = PATIENCE_MS } = options
  if (host === undefined) {
    return call(program, args, { ...clientEnvironment(), ...variables }, input, patienceMs)
  }
  const set = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  const words = [...(set.length > 0 ? ['env', ...set] : []), program, ...args]
  const remote = [...sshOptions(), host, words.map(quoted).join(' ')]
  return call('ssh', remote, clientEnvironment(), input, patienceMs).then((called) => ({
    ...called,
    // The status of a remote shell that does not know the program.
    isMissing: called.isMissing || called.status === 127
  }))
}

/** A host that calls nobody back ends its call before it is given up here, s. */
const REMOTE_SECONDS = 40

/** In the words of a POSIX shell: says where Slurm's programs are, and hands over what it was given. */
const REMOTE_SUBMIT = `${CLIENTS_VARIABLE}=$(dirname "$(command -v scontrol)"); export ${CLIENTS_VARIABLE}; exec timeout -k 2 ${REMOTE_SECONDS} sbatch "$@"`

/**
 * Calls `sbatch`. The element is told where Slurm's programs are, by a variable that Slurm hands on with all others
 * of its name; a call by ssh ends on the other machine too, so that nothing is submitted after it was given up.
 *
 * @see https://slurm.schedmd.com/sbatch.html: `--export=NONE` leaves variables that begin with `SLURM_`
 */
export function callSubmit(
  to: SubmitHost,
  args: readonly string[],
  script: string
): Promise<Called> {
  if (to.host !== undefined) {
    return callClient(to, 'sh', ['-c', REMOTE_SUBMIT, 'sbatch', ...args], { input: script })
  }
  const folder = folderOf('scontrol')
  const variables: Record<string, string> = folder === null ? {} : { [CLIENTS_VARIABLE]: folder }
  return callClient(to, 'sbatch', args, { input: script, variables })
}

/** The folder of the search path that a program is found in; null where it is in none by its whole path. */
function folderOf(program: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const found = folders.find((folder) => existsSync(join(folder, program)))
  return found !== undefined && isAbsolute(found) ? found : null
}

/** Options of ssh: it asks nobody, waits ten seconds, and takes the user's own settings for the rest. */
export function sshOptions(): string[] {
  const config = process.env[SSH_CONFIG]
  // What a host greets with is not what its programs say; errors of ssh's own are still told.
  const asked = ['BatchMode=yes', 'ConnectTimeout=10', 'LogLevel=ERROR'].flatMap((one) => [
    '-o',
    one
  ])
  return [...(config === undefined || config === '' ? [] : ['-F', config]), ...asked]
}

/**
 * The number that `sbatch --parsable` says: `NUMBER` or `NUMBER;CLUSTER`, on the last line that is one; a host may
 * say other numbers ahead of it.
 */
export function jobNumber(stdout: string): string | null {
  return [...stdout.matchAll(/^(\d+)(?:;\S+)?\r?$/gm)].at(-1)?.[1] ?? null
}

function call(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  input: string,
  timeout: number
): Promise<Called> {
  return new Promise((resolve) => {
    const settings = { env, timeout, maxBuffer: 1 << 26, killSignal: 'SIGKILL' as const }
    const child = execFile(program, [...args], settings, (error, stdout, stderr) => {
      const isMissing = (error as NodeJS.ErrnoException | null)?.code === 'ENOENT'
      resolve({ status: child.exitCode, stdout, stderr, isMissing })
    })
    // One that ends before it has read all says why by its status.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}
