/** A program of nvidia-smi's name, ahead of all others on the search path, that says what a test wants it to. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { temporaryFolder } from './temporaryFolder'

/** Until the test ends. Returns how to have it say something else: lines of a shell, `$1` being the question. */
export async function pretendSmi(script: string): Promise<(script: string) => void> {
  const folder = await temporaryFolder()
  const path = join(folder, 'nvidia-smi')
  const say = (lines: string) => {
    writeFileSync(path, `#!/bin/sh\n${lines}\n`)
    chmodSync(path, 0o755)
  }
  say(script)
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  return say
}
