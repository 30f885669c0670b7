import { expect, it } from 'vitest'
import { chooseBackend } from '#engine/backends/choose'
import { threadEnvironment } from '#engine/backends/environment'

it('finds a backend that says what computes', async () => {
  const { device, measureMatmulRate } = await (await chooseBackend()).activate()
  expect(device).toMatchObject({
    backend: 'tensorflow',
    name: expect.stringMatching(/./) as string,
    version: expect.stringMatching(/^\d+\.\d+/) as string
  })
  expect(await measureMatmulRate()).toBeGreaterThan(0.1)
})

it('says which backends there are when asked for another', async () => {
  await expect(chooseBackend('abacus')).rejects.toMatchObject({
    code: 'backend/unavailable',
    details: { known: ['tensorflow'] }
  })
})

it('gives a process whole threads, at least one', () => {
  expect([0, 1, 2.7].map((count) => threadEnvironment(count)['TF_NUM_INTRAOP_THREADS'])).toEqual([
    '1',
    '1',
    '2'
  ])
})
