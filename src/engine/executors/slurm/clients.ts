/** Calls Slurm's client programs, here or by ssh on a submit host. */
import { execFile } from 'node:child_process'
import { quoted } from './quoted'

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

/** Options of ssh: it asks nobody, waits ten seconds, and takes the user's own settings for the rest. */
export function sshOptions(): string[] {
  const config = process.env[SSH_CONFIG]
  const asked = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10']
  return [...(config === undefined || config === '' ? [] : ['-F', config]), ...asked]
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
