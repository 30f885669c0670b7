import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  findVerification,
  keepVerification,
  trustOf,
  verifiedDevicesFile
} from '#engine/verifiedDevices'
import { temporaryFolder } from '../../support/temporaryFolder'

const DEVICE = { name: 'tensorflow', device: 'a processor', version: '2.21.0' }
const PASSED = { check: 'forward', passed: true, detail: 'error 1e-7' }
const FAILED = { check: 'gradient', passed: false, detail: 'error 1e-2' }

async function file(): Promise<string> {
  return join(await temporaryFolder(), 'assay', 'verified-devices.json')
}

test('a device without an outcome has none', async () => {
  expect(await findVerification(DEVICE, await file())).toBeNull()
})

test('an outcome is found again for the same device and version only', async () => {
  const path = await file()
  await keepVerification(DEVICE, [PASSED], path)
  expect(await findVerification(DEVICE, path)).toMatchObject({ passed: true, failedChecks: [] })
  expect(await findVerification({ ...DEVICE, version: '2.22.0' }, path)).toBeNull()
})

test('one failed check fails the device, and a later outcome replaces an earlier one', async () => {
  const path = await file()
  await keepVerification(DEVICE, [PASSED], path)
  await keepVerification(DEVICE, [PASSED, FAILED], path)
  expect(await findVerification(DEVICE, path)).toMatchObject({
    passed: false,
    failedChecks: ['gradient']
  })
  expect(JSON.parse(await readFile(path, 'utf8')).devices).toHaveLength(1)
})

test('a suite without checks verifies nothing', async () => {
  const path = await file()
  expect((await keepVerification(DEVICE, [], path)).passed).toBe(false)
})

test('what trained a study is trusted by the newest outcome of its device, and else not', async () => {
  const path = await file()
  const run = { backend: DEVICE.name, device: DEVICE.device }
  expect(await trustOf([run, run], path)).toEqual([{ ...run, verification: 'none' }])
  await keepVerification(DEVICE, [PASSED], path)
  expect(await trustOf([run, { backend: null, device: null }], path)).toEqual([
    { ...run, verification: 'passed' }
  ])
  await keepVerification(DEVICE, [FAILED], path)
  expect(await trustOf([run], path)).toEqual([{ ...run, verification: 'failed' }])
})

test('one of several GPUs is trusted as its product is', async () => {
  const path = await file()
  await keepVerification(DEVICE, [PASSED], path)
  const run = { backend: DEVICE.name, device: `${DEVICE.device} (GPU 3)` }
  expect(await trustOf([run], path)).toEqual([{ ...run, verification: 'passed' }])
})

test('a damaged file counts as no outcome and can be written over', async () => {
  const path = await file()
  await keepVerification(DEVICE, [PASSED], path)
  await writeFile(path, '{ "version": 1, "dev')
  expect(await findVerification(DEVICE, path)).toBeNull()
  await keepVerification(DEVICE, [PASSED], path)
  expect(await findVerification(DEVICE, path)).not.toBeNull()
})

test('the file follows XDG_CONFIG_HOME', () => {
  expect(verifiedDevicesFile({ XDG_CONFIG_HOME: '/elsewhere' })).toBe(
    '/elsewhere/assay/verified-devices.json'
  )
})
