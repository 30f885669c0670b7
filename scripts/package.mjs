/**
 * `npm run package`: Assay as an application to hand on, in `release/`.
 *
 * On Linux an unpacked application and a .deb of it; `--targets` asks electron-builder for those of
 * packaging/electron-builder.yml too, which want its downloads. `--trial FOLDER` takes the Electron
 * in that folder instead of the pinned one, and `--first FILE` begins every entry with that file:
 * the output is marked so, and is for tests alone.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { packageApplication } from './package/all.mjs'
import { SetupFailure } from './setup/failure.mjs'

const { values } = parseArgs({
  options: {
    trial: { type: 'string' },
    first: { type: 'string' },
    out: { type: 'string' },
    deb: { type: 'boolean', default: true },
    targets: { type: 'boolean', default: false }
  },
  allowNegative: true
})

try {
  await packageApplication(fileURLToPath(new URL('..', import.meta.url)), {
    trial: values.trial ?? null,
    first: values.first ?? null,
    out: values.out ?? null,
    deb: values.deb,
    targets: values.targets
  })
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
}
