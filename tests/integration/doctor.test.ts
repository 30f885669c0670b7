import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assay, assayDone } from '../support/commandLine'
import { temporaryFolder } from '../support/temporaryFolder'

test('doctor says what computes and how fast', async () => {
  const report = JSON.parse(await assayDone(['doctor', '--json'])) as Record<string, unknown>
  expect(report).toMatchObject({ canTrain: true, probeFailure: null })
  expect(report['backends']).toMatchObject([
    { name: 'tensorflow', usable: true, reason: null, gflops: expect.any(Number) as number }
  ])
})

test('doctor fails where no native library loads, and says why', async () => {
  const broken = join(await temporaryFolder(), 'broken.cjs')
  await writeFile(
    broken,
    `const load = process.dlopen
     process.dlopen = (module, file, ...more) => {
       if (file.includes('tfjs')) throw new Error('no such library')
       return load.call(process, module, file, ...more)
     }`
  )
  const environment = { NODE_OPTIONS: `--require ${broken}` }
  const { status, stdout } = await assay(['doctor', '--json'], { environment })
  expect(status).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({
    canTrain: false,
    backends: [
      { usable: false, reason: expect.stringContaining('no such library') as string, gflops: null }
    ]
  })
  const text = (await assay(['doctor'], { environment })).stdout
  expect(text).toContain('no such library')
})

test.each([
  ['train', 'tokensPerSecond', ['--shape', 'demo']],
  ['campaign', 'tokensPerSecond', ['--shape', 'demo']],
  ['eval', 'tokensPerSecond', ['--shape', 'demo']],
  ['merge', 'bytesPerSecond', ['--shape', 'demo']],
  ['tokenize', 'tokensPerSecond', ['--data', 'node_modules/typescript/lib/lib.dom.d.ts']]
])('bench %s prints one JSON line with %s', async (what, rate, flags) => {
  const args = ['bench', what, ...flags, '--seconds', '1', '--repetitions', '3', '--json']
  const lines = (await assayDone(args)).trimEnd().split('\n')
  expect(lines).toHaveLength(1)
  const result = JSON.parse(lines[0]!) as Record<string, unknown>
  expect(result[rate]).toBeGreaterThan(0)
  expect(result).toMatchObject({
    peakBytes: expect.any(Number) as number,
    backend: expect.stringMatching(/./) as string,
    threads: expect.any(Number) as number,
    shape: expect.stringMatching(/./) as string
  })
})
