/** Writes docs/licences.md: the packages that an application holds, by what the lock and they say. */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Licences of families whose builds for other systems the lock tells nothing of. */
const FAMILIES = new Map([['@duckdb/node-bindings', 'MIT']])

/** Packages that the window's built files hold, though they are packages for building. */
const BUILT_IN = /^(@fontsource-variable\/inter|d3-[\w-]+|internmap|svelte|esm-env|clsx)$/

/**
 * @typedef {{ version?: string, license?: string, dev?: boolean, optional?: boolean }} Entry
 */

/**
 * Licences of the packages that ship, sorted by name.
 *
 * @returns {{ name: string, version: string, licence: string | null }[]}
 */
export function shippedPackages() {
  /** @type {{ packages: Record<string, Entry> }} */
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const shipped = Object.entries(packages).filter(([path, entry]) => {
    const name = path.replace(/^.*node_modules\//, '')
    return path !== '' && (!entry.dev || BUILT_IN.test(name))
  })
  const found = new Map()
  for (const [path, entry] of shipped) {
    const name = path.replace(/^.*node_modules\//, '')
    const version = entry.version ?? ''
    const licence = entry.license ?? licenceOfFamily(name)
    found.set(`${name} ${version}`, { name, version, licence })
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/**
 * A build for one system has the licence of what it is a build of.
 *
 * @param {string} name
 */
function licenceOfFamily(name) {
  const family = [...FAMILIES.keys()].find((one) => name.startsWith(one))
  return family === undefined ? null : (FAMILIES.get(family) ?? null)
}

/** The page, as it stands in docs/licences.md. */
export function licencesPage() {
  const lines = shippedPackages().map(
    ({ name, version, licence }) => `| ${name} | ${version} | ${licence ?? 'not said'} |`
  )
  return `# Licences of what Assay holds

Written by \`node scripts/licences.mjs\` from \`package-lock.json\`; a test holds it to that. Packages for building and testing are not
in an application and not here. TensorFlow's own library (Apache-2.0) and Electron (MIT, with Chromium's licences beside its program)
are fetched by the set-up.

| package | version | licence |
| --- | --- | --- |
${lines.join('\n')}
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(root, 'docs', 'licences.md'), licencesPage())
}
