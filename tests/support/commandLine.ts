/** The built command line, run as a user runs it. */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'

export interface CommandOutcome {
  status: number
  stdout: string
  stderr: string
}

/**
 * Runs `assay` with arguments; never throws for a failing command.
 *
 * @param options `node`: the Node that runs it, this one by default; `environment`: variables more
 */
export function assay(
  args: string[],
  options: { node?: string | undefined; environment?: Record<string, string> } = {}
): Promise<CommandOutcome> {
  const { node = process.execPath, environment = {} } = options
  const settings = { maxBuffer: 1 << 26, env: { ...process.env, ...environment } }
  return new Promise((done) => {
    const cli = resolve('out/main/cli.cjs')
    const child = execFile(node, [cli, ...args], settings, (_, stdout, stderr) => {
      done({ status: child.exitCode ?? -1, stdout, stderr })
    })
  })
}

/** Runs `assay`, and fails the test with what it said where it does not succeed. */
export async function assayDone(args: string[], node?: string): Promise<string> {
  const { status, stdout, stderr } = await assay(args, { node })
  if (status !== 0) throw new Error(`assay ${args.join(' ')} ended with ${status}:\n${stderr}`)
  return stdout
}

/** The error that a command with `--json` reports. */
export async function assayError(
  args: string[]
): Promise<{ status: number; code: string; message: string; details: Record<string, unknown> }> {
  const { status, stdout, stderr } = await assay([...args, '--json'])
  const lines = stdout.trim().split('\n')
  const parsed = JSON.parse(lines.at(-1) || '{}') as {
    error?: { code: string; message: string; details: Record<string, unknown> }
  }
  if (!parsed.error) throw new Error(`no error was reported:\n${stdout}\n${stderr}`)
  return { status, ...parsed.error }
}
