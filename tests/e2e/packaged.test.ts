import { existsSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { layElectron } from '../../scripts/setup/electron.mjs'
import { cacheFolder } from '../../scripts/setup/wheels.mjs'
import { newProject, runStudy, tableRows } from '../support/browserWindow'
import { assayDone } from '../support/commandLine'
import { launchDesktop, quit } from '../support/electronApp'
import { temporaryFolder } from '../support/temporaryFolder'

const run = promisify(execFile)

test('the packaged application, on the Electron of the tests, runs a study to the numbers of the command line', async () => {
  const folder = await temporaryFolder()
  const electron = join(folder, 'electron')
  await cp(await layElectron(cacheFolder(), () => undefined), electron, { recursive: true })
  // What starts unpackaged applications is no part of Electron itself.
  await rm(join(electron, 'resources', 'app'), { recursive: true })
  const { stdout } = await run(process.execPath, [
    resolve('scripts/package.mjs'),
    ...['--trial', electron],
    ...['--first', resolve('tests/support/node16.cjs')],
    ...['--out', folder],
    '--no-deb'
  ])
  const unpacked = stdout.trim().split('\n').at(-1)!
  expect(unpacked).toMatch(/trial-[\d.]+\/linux-unpacked$/)
  const inside = join(unpacked, 'resources')
  const addon = 'app.asar.unpacked/node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8'
  expect(existsSync(join(inside, 'app.asar'))).toBe(true)
  expect(existsSync(join(inside, addon, 'tfjs_binding.node'))).toBe(true)

  const project = await newProject()
  const { app, page } = await launchDesktop({
    packaged: join(unpacked, 'assay'),
    args: [join(project, 'project.assay')]
  })
  expect(await app.evaluate(({ app: electronApp }) => electronApp.isPackaged)).toBe(true)
  await page.getByRole('button', { name: 'Run study' }).waitFor()
  await runStudy(page)
  await page.getByText('8 of 8 runs done').waitFor()
  await quit(app)
  const same = await newProject()
  await assayDone(['run', same])
  expect(await tableRows(project, 'pairs')).toEqual(await tableRows(same, 'pairs'))
}, 240_000)
