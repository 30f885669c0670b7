import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { projectPaths } from '#engine/storage/paths'
import { TraceReader } from '#engine/storage/traceReader'
import { temporaryFolder } from '../../../support/temporaryFolder'

const line = (step: number, loss = 5) =>
  JSON.stringify({
    step,
    tokens: step * 10,
    loss,
    learningRate: 1,
    gradientNorm: 1,
    tokensPerSecond: 9
  }) + '\n'
const lines = (from: number, to: number, loss = 5) =>
  Array.from({ length: to - from + 1 }, (_, i) => line(from + i, loss)).join('')

async function follower() {
  const project = await temporaryFolder()
  const path = projectPaths.trace(project, 'run')
  await mkdir(dirname(path), { recursive: true })
  const reader = new TraceReader(project)
  const read = async (after: number | null) => {
    const { points, isWhole } = await reader.read('run', after)
    return {
      steps: points.map(({ step }) => step),
      losses: points.map(({ loss }) => loss),
      isWhole
    }
  }
  return { path, read }
}

test('only what came since is given, to several who follow at their own pace', async () => {
  const { path, read } = await follower()
  expect(await read(null)).toMatchObject({ steps: [], isWhole: true })
  await writeFile(path, lines(1, 3))
  expect(await read(null)).toMatchObject({ steps: [1, 2, 3], isWhole: true })
  await appendFile(path, lines(4, 5) + line(6).slice(0, 20))
  expect(await read(3)).toMatchObject({ steps: [4, 5], isWhole: false })
  expect(await read(5)).toMatchObject({ steps: [], isWhole: false })
  await appendFile(path, line(6).slice(20))
  expect(await read(5)).toMatchObject({ steps: [6], isWhole: false })
  expect(await read(1)).toMatchObject({ steps: [2, 3, 4, 5, 6], isWhole: false })
})

test('a curve that was cut and goes on from an earlier step is read whole', async () => {
  const { path, read } = await follower()
  await writeFile(path, lines(1, 9))
  await read(null)
  await writeFile(path, lines(1, 4))
  expect(await read(9)).toMatchObject({ steps: [1, 2, 3, 4], isWhole: true })
  // Cut and grown past the place known between two readings, with lines of other lengths.
  await writeFile(path, lines(1, 9))
  await read(9)
  await writeFile(path, lines(1, 4) + lines(5, 12, 4.0625))
  expect(await read(9)).toMatchObject({ steps: [10, 11, 12], losses: [4.0625, 4.0625, 4.0625] })
})
