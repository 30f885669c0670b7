/** The built command line, run as a user runs it. */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'

export interface CommandOutcome {
  status: number
  stdout: string
  stderr: string
}

/** Runs `assay` with arguments; never throws for a failing command. */
export function assay(args: string[], env: Record<string, string> = {}): Promise<CommandOutcome> {
  return new Promise((done) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 1 << 26 }
    const cli = resolve('out/main/cli.cjs')
    const child = execFile(process.execPath, [cli, ...args], options, (_error, stdout, stderr) => {
      done({ status: child.exitCode ?? -1, stdout, stderr })
    })
  })
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
