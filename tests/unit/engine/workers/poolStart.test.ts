/** A process that the system refuses at once: only the job that wanted it hears of it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { WorkerPool } from '#engine/workers/pool'
import { temporaryFolder } from '../../../support/temporaryFolder'

/** Answers every job with its kind. */
const ANSWERING = `process.on('message', ({ id, kind }) => process.send({ id, result: kind }))`

/** The system takes no variable of so many bytes: it refuses the process before there is one. */
const TOO_LARGE = 'x'.repeat(4 << 20)

async function pool() {
  const processEntry = join(await temporaryFolder(), 'answering.cjs')
  await writeFile(processEntry, ANSWERING)
  const lane = {
    workers: 1,
    environment: (precision: string): Record<string, string> =>
      precision === 'float32' ? {} : { REFUSED: TOO_LARGE }
  }
  const made = new WorkerPool({
    processEntry,
    workerEntry: '',
    lanes: { wide: lane, narrow: lane, aside: lane }
  })
  onTestFinished(() => made.close())
  return (matmulPrecision: 'float32' | 'tf32') =>
    made.run('inspect', {} as never, { matmulPrecision })
}

const refused = { code: 'worker/died', message: expect.stringContaining('E2BIG') as string }

test('a job whose process cannot be started fails, and the next is done', async () => {
  const run = await pool()
  await expect(run('tf32')).rejects.toMatchObject(refused)
  await expect(run('float32')).resolves.toBe('inspect')
})

test('so it is where the job before ends, and others wait behind', async () => {
  const run = await pool()
  const asked = (['float32', 'tf32', 'tf32', 'float32'] as const).map(run)
  const [first, second, third, last] = await Promise.allSettled(asked)
  expect([first, last]).toMatchObject([{ value: 'inspect' }, { value: 'inspect' }])
  expect([second, third]).toMatchObject([{ reason: refused }, { reason: refused }])
})
