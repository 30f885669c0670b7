/** Slurm's client programs as scripts that say what a test wants them to, for what no real cluster does when asked. */
import { existsSync, readFileSync } from 'node:fs'
import { chmod, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vi } from 'vitest'
import { temporaryFolder } from './temporaryFolder'

export interface PretendedSlurm {
  /** Has a program do the lines of a shell, from its next call on; `$HERE` is a folder of their own. */
  has(program: string, lines: string): Promise<void>
  /** What the one array is said to be in, by `squeue`. */
  is(state: string, reason?: string): Promise<void>
  /** Arguments of each call of a program. */
  calls(program: string): string[]
}

/** One array with one element, which waits once it is submitted. */
export async function pretendedSlurm(): Promise<PretendedSlurm> {
  const here = await temporaryFolder()
  vi.stubEnv('PATH', `${here}:${process.env['PATH']}`)
  const has = async (program: string, lines: string) => {
    const draft = join(here, `${program}.draft`)
    const said = `printf '%s\\n' "$*" >> "${here}/${program}.calls"`
    await writeFile(draft, `#!/bin/sh\nHERE=${here}\n${said}\n${lines}\n`)
    await chmod(draft, 0o755)
    await rename(draft, join(here, program))
  }
  const is = (state: string, reason = 'None') =>
    has(
      'squeue',
      `[ -e "$HERE/name" ] && printf '7|0|${state}|${reason}|n1|1|1|%s\\n' "$(cat "$HERE/name")"; exit 0`
    )
  await has(
    'sbatch',
    `cat > "$HERE/script"
for one; do case $one in --job-name=*) echo "\${one#--job-name=}" > "$HERE/name" ;; esac; done
echo 7`
  )
  await has(
    'scontrol',
    'case "$*" in *config*) echo "ClusterName = pretended"; echo "MaxArraySize = 1001" ;; *) exit 1 ;; esac'
  )
  await has('scancel', 'exit 0')
  await has('sacct', 'echo "Slurm accounting storage is disabled" >&2; exit 1')
  await is('PENDING', 'Priority')
  return {
    has,
    is,
    calls: (program) => {
      const path = join(here, `${program}.calls`)
      return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : []
    }
  }
}
