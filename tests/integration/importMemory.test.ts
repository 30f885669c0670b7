import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { assayDone } from '../support/commandLine'
import { temporaryFolder } from '../support/temporaryFolder'
import { tinyDocuments } from '../support/tinyCorpus'

/** Most memory that a process and its children ever held, bytes; 0 for one that is gone. */
function peakBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
    const own = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
    return children.filter(Boolean).reduce((sum, child) => sum + peakBytes(Number(child)), own)
  } catch {
    return 0
  }
}

/** Imports so many megabytes of JSON lines and gives the most memory seen. */
async function importMegabytes(megabytes: number): Promise<number> {
  const folder = await temporaryFolder()
  const project = join(folder, 'project')
  await assayDone(['new', project])
  const path = join(folder, 'large.jsonl')
  const file = await open(path, 'w')
  const documents = tinyDocuments('law', 200, 600)
  for (let bytes = 0, i = 0; bytes < megabytes * 1e6; i++) {
    const lines = documents.map((text, j) =>
      JSON.stringify({ text: `${i} ${j} ${text}`, part: `p${j % 5}` })
    )
    bytes += (await file.write(lines.join('\n') + '\n')).bytesWritten
  }
  await file.close()
  const args = [resolve('out/main/cli.cjs'), 'import', project, path, '--partition', 'part']
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  let peak = 0
  const watching = setInterval(() => (peak = Math.max(peak, peakBytes(child.pid!))), 50)
  const status = await new Promise((done) => child.on('close', done))
  clearInterval(watching)
  expect(status).toBe(0)
  return peak
}

test('an import streams: six times the text takes about the same memory', async () => {
  const small = await importMegabytes(40)
  const large = await importMegabytes(240)
  expect(small).toBeGreaterThan(50e6)
  expect(large - small).toBeLessThan(120e6)
})
