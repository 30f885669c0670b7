/** What Assay is built of: exact versions, all in the lock, none of which runs anything when installed. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { licencesPage, shippedPackages } from '../../../scripts/licences.mjs'

interface Manifest {
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}
interface Lock {
  packages: Record<
    string,
    Manifest & {
      version?: string
      integrity?: string
      resolved?: string
      dev?: boolean
      optional?: boolean
      hasInstallScript?: boolean
    }
  >
}

function read<Kind>(path: string): Kind {
  return JSON.parse(readFileSync(path, 'utf8')) as Kind
}

test.each(['', 'packaging/'])('%spackage.json pins each package, and the lock agrees', (folder) => {
  const manifest = read<Manifest>(`${folder}package.json`)
  const { packages } = read<Lock>(`${folder}package-lock.json`)
  const asked = { ...manifest.dependencies, ...manifest.devDependencies }
  for (const [name, version] of Object.entries(asked)) {
    expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+(-[\w.]+)?$/)])
    expect([name, packages[`node_modules/${name}`]?.version]).toEqual([name, version])
  }
  const { dependencies, devDependencies } = packages['']!
  expect({ ...dependencies, ...devDependencies }).toEqual(asked)
})

test.each(['', 'packaging/'])('what the lock of %s. names is known by its hash', (folder) => {
  const { packages } = read<Lock>(`${folder}package-lock.json`)
  const unknown = Object.entries(packages).filter(
    // Builds for other systems are in the lock without one: nobody has fetched them.
    ([path, { integrity, optional }]) =>
      path !== '' && !optional && !/^sha512-/.test(integrity ?? '')
  )
  expect(unknown.map(([path]) => path)).toEqual([])
  const elsewhere = Object.values(packages).filter(({ resolved }) =>
    /^(git|http:)/.test(resolved ?? '')
  )
  expect(elsewhere).toEqual([])
})

test('nothing runs when packages are installed; those that would like to are known', () => {
  for (const folder of ['', 'packaging/']) {
    expect(readFileSync(`${folder}.npmrc`, 'utf8')).toContain('ignore-scripts=true')
  }
  const { packages } = read<Lock>('package-lock.json')
  const wish = Object.entries(packages).filter(([, entry]) => entry.hasInstallScript && !entry.dev)
  // TensorFlow's library is laid by the set-up, from pinned wheels; core-js only asks for donations.
  expect(wish.map(([path]) => path.replace('node_modules/', ''))).toEqual([
    '@tensorflow/tfjs-node-gpu',
    'core-js'
  ])
})

test('licences are listed, and each lets the package be passed on under its own terms', () => {
  expect(readFileSync('docs/licences.md', 'utf8')).toBe(licencesPage())
  const known = /^(MIT|ISC|0BSD|Apache-2\.0|BSD-[23]-Clause|OFL-1\.1)$/
  for (const { name, licence } of shippedPackages()) {
    const parts = (licence ?? '').replace(/[()]/g, '').split(' AND ')
    expect([name, licence, parts.every((one) => known.test(one))]).toEqual([name, licence, true])
  }
})
