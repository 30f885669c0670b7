import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { requireDisk } from '../../scripts/setup/disk.mjs'
import { isElectronLaid, layElectron } from '../../scripts/setup/electron.mjs'
import { chooseFlavour } from '../../scripts/setup/flavour.mjs'
import { startOf, takeLock } from '../../scripts/setup/lock.mjs'
import { arePackagesCurrent } from '../../scripts/setup/packages.mjs'
import { ELECTRON, PINS } from '../../scripts/setup/pins.mjs'
import { areLibrariesCurrent, layLibraries } from '../../scripts/setup/tensorflow.mjs'
import {
  cacheFolder,
  fetchWheels,
  sha256,
  tagArguments,
  wheelPath
} from '../../scripts/setup/wheels.mjs'
import { temporaryFolder } from '../support/temporaryFolder'

const silent = () => undefined

/** A wheel as small as can be, in a cache of its own. */
async function tinyWheel() {
  const cache = await temporaryFolder()
  mkdirSync(join(cache, 'wheels'))
  const file = 'tensorflow_tiny-1.0-cp311-cp311-manylinux_2_27_x86_64.whl'
  const path = join(cache, 'wheels', file)
  execFileSync('python3', [
    '-c',
    `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as wheel:
    wheel.writestr('tensorflow/libtensorflow_cc.so.2', b'library')
    wheel.writestr('tensorflow/include/tensorflow/c/c_api.h', b'header')
    wheel.writestr('tensorflow/python/unused.py', b'unused')
    wheel.writestr('nvidia/cublas/lib/libcublas.so.12', b'cuda')`,
    path
  ])
  const bytes = statSync(path).size
  const wheel = { name: 'tensorflow-tiny', version: '1.0', file, sha256: await sha256(path), bytes }
  return { cache, wheel, laying: { flavour: 'cpu' as const, wheels: [wheel], laidBytes: 17 } }
}

describe('laying the libraries', () => {
  test('what a broken-off attempt left is cleared away and the step is done whole', async () => {
    const { cache, laying } = await tinyWheel()
    const folder = await temporaryFolder()
    mkdirSync(join(folder, 'deps', 'lib'), { recursive: true })
    writeFileSync(join(folder, 'deps', 'lib', 'libtensorflow_cc.so.2'), 'libr')
    mkdirSync(join(folder, 'deps.draft-1', 'lib'), { recursive: true })
    expect(areLibrariesCurrent(folder, laying)).toBe(false)

    await layLibraries(folder, laying, cache, silent)

    expect(areLibrariesCurrent(folder, laying)).toBe(true)
    expect(readdirSync(folder)).toEqual(['deps'])
    const read = (name: string) => readFileSync(join(folder, 'deps', name), 'utf8')
    expect(read('lib/libtensorflow_cc.so.2')).toBe('library')
    expect(read('include/tensorflow/c/c_api.h')).toBe('header')
    expect(read('nvidia/cublas/lib/libcublas.so.12')).toBe('cuda')
    expect(existsSync(join(folder, 'deps', 'python'))).toBe(false)
  })

  test('another flavour, or another wheel, makes what is laid stale', async () => {
    const { cache, wheel, laying } = await tinyWheel()
    const folder = await temporaryFolder()
    await layLibraries(folder, laying, cache, silent)
    expect(areLibrariesCurrent(folder, { ...laying, flavour: 'gpu' })).toBe(false)
    const other = { ...laying, wheels: [{ ...wheel, sha256: '0'.repeat(64) }] }
    expect(areLibrariesCurrent(folder, other)).toBe(false)
  })
})

describe('fetching wheels', () => {
  afterEach(() => vi.unstubAllEnvs())

  test('a damaged wheel of the cache is never used: it is fetched anew, or the set-up fails', async () => {
    const { cache, wheel } = await tinyWheel()
    const path = wheelPath(wheel, cache)
    const damaged = readFileSync(path)
    damaged[40]! ^= 1
    writeFileSync(path, damaged)
    // pip finds nothing without an index: the download has to fail.
    vi.stubEnv('PIP_NO_INDEX', '1')
    await expect(fetchWheels([wheel], cache, silent)).rejects.toThrow(
      /download of tensorflow-tiny 1.0 \(pip\) ended with status 1/
    )
    expect(readdirSync(join(cache, 'wheels'))).toEqual([])
  })

  test('a wheel that lies in the cache whole needs no download', async () => {
    const { cache, wheel } = await tinyWheel()
    vi.stubEnv('PIP_NO_INDEX', '1')
    await fetchWheels([wheel], cache, silent)
    expect(readdirSync(join(cache, 'wheels'))).toEqual([wheel.file])
  })

  test('what a killed set-up was downloading is removed, and a living one is left alone', async () => {
    const { cache, wheel } = await tinyWheel()
    // Process numbers end far below the first one.
    for (const pid of [2 ** 30, process.pid]) mkdirSync(join(cache, 'wheels', `.draft-${pid}-a`))
    await fetchWheels([wheel], cache, silent)
    expect(readdirSync(join(cache, 'wheels'))).toEqual([`.draft-${process.pid}-a`, wheel.file])
  })

  test('pip is asked for the tags in the name of the wheel', () => {
    expect(tagArguments('a-1-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl')).toEqual([
      ...['--python-version', '3.11', '--implementation', 'cp'],
      ...['--platform', 'manylinux2014_x86_64', '--platform', 'manylinux_2_17_x86_64']
    ])
  })

  test('every pin has a SHA-256 and a size', () => {
    const wheels = [...PINS.cpu.wheels, ...PINS.gpu.wheels, ELECTRON.wheel]
    expect(wheels.length).toBeGreaterThan(10)
    expect(
      wheels.filter((wheel) => !/^[0-9a-f]{64}$/.test(wheel.sha256) || !(wheel.bytes > 0))
    ).toEqual([])
  })
})

describe("the tests' Electron", () => {
  test('is whole where it was laid; without its stamp it counts as half-done', async () => {
    const laid = await layElectron(cacheFolder(), silent)
    expect(isElectronLaid(laid)).toBe(true)
    expect(readFileSync(join(laid, 'version'), 'utf8')).toBe(ELECTRON.version)
    const half = await temporaryFolder()
    writeFileSync(join(half, 'electron'), 'half of a program')
    expect(isElectronLaid(half)).toBe(false)
  })
})

describe('the packages', () => {
  async function clone(wanted: object, installed: object | null): Promise<string> {
    const root = await temporaryFolder()
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: wanted }))
    mkdirSync(join(root, 'node_modules'))
    const hidden = join(root, 'node_modules', '.package-lock.json')
    if (installed) writeFileSync(hidden, JSON.stringify({ packages: installed }))
    return root
  }
  const zod = { version: '4.6.7', integrity: 'sha512-a' }

  test('an installation that npm did not finish is stale', async () => {
    expect(arePackagesCurrent(await clone({ '': {}, 'node_modules/zod': zod }, null))).toBe(false)
  })

  test('a package of another version or content is stale', async () => {
    const wanted = { '': {}, 'node_modules/zod': zod }
    const with_ = async (installed: object) =>
      arePackagesCurrent(await clone(wanted, { 'node_modules/zod': installed }))
    expect(await with_(zod)).toBe(true)
    expect(await with_({ ...zod, version: '4.6.6' })).toBe(false)
    expect(await with_({ ...zod, integrity: 'sha512-b' })).toBe(false)
  })

  test('a package for another system may be absent', async () => {
    const wanted = { '': {}, 'node_modules/zod': zod, 'node_modules/x': { ...zod, optional: true } }
    expect(arePackagesCurrent(await clone(wanted, { 'node_modules/zod': zod }))).toBe(true)
  })
})

describe('the disk', () => {
  test('needs on one disk are added up, and the message says what is needed and what is free', async () => {
    const folder = await temporaryFolder()
    const needs = [
      { folder: join(folder, 'cache'), bytes: 300e6, purpose: 'wheels' },
      { folder: join(folder, 'libraries'), bytes: 900e6, purpose: 'libraries' }
    ]
    expect(() => requireDisk(needs, () => 1199e6)).toThrow(
      /1\.20 GB are needed \(300 MB for wheels in .*; 900 MB for libraries in .*\), 1\.20 GB are free/
    )
    expect(() => requireDisk(needs, () => 1200e6)).not.toThrow()
  })

  test.each(['cpu', 'gpu'] as const)(
    'the %s flavour asks for more than 2.5 times its wheels before anything is downloaded',
    (flavour) => {
      const { wheels, laidBytes } = PINS[flavour]
      const download = wheels.reduce((sum, wheel) => sum + wheel.bytes, 0)
      expect((download + laidBytes) / download).toBeGreaterThan(2.5)
    }
  )
})

describe('the flavour', () => {
  test('is what ASSAY_TENSORFLOW says, and a word it does not know is an error', () => {
    expect(chooseFlavour('cpu', { ASSAY_TENSORFLOW: 'gpu', PATH: '' })).toBe('gpu')
    expect(() => chooseFlavour(null, { ASSAY_TENSORFLOW: 'cuda' })).toThrow(
      /expected "cpu" or "gpu"/
    )
  })

  test('is cpu where there is no nvidia-smi, and where it fails', async () => {
    expect(chooseFlavour('cpu', { PATH: '' })).toBe('cpu')
    const folder = await temporaryFolder()
    writeFileSync(join(folder, 'nvidia-smi'), '#!/bin/sh\necho no driver; exit 9\n', {
      mode: 0o755
    })
    expect(chooseFlavour(null, { PATH: folder })).toBe('cpu')
  })

  test('stays gpu where it is laid, on a login node without a GPU too, unless cpu is asked for', () => {
    expect(chooseFlavour('gpu', { PATH: '' })).toBe('gpu')
    expect(chooseFlavour('gpu', { ASSAY_TENSORFLOW: 'cpu', PATH: '' })).toBe('cpu')
  })

  test('is gpu where nvidia-smi lists one', async () => {
    const folder = await temporaryFolder()
    writeFileSync(join(folder, 'nvidia-smi'), '#!/bin/sh\necho "GPU 0: NVIDIA T4"\n', {
      mode: 0o755
    })
    expect(chooseFlavour(null, { PATH: folder })).toBe('gpu')
  })
})

describe('the lock', () => {
  test('a second set-up waits until the first has given it back', async () => {
    const path = join(await temporaryFolder(), 'lock')
    const release = await takeLock(path, silent)
    const order: string[] = []
    const second = takeLock(path, (pid) => order.push(`waits for ${pid}`)).then((releaseSecond) => {
      order.push('second')
      releaseSecond()
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    order.push('first gives back')
    release()
    await second
    expect(order).toEqual([`waits for ${process.pid}`, 'first gives back', 'second'])
  })

  test.each([
    // Process numbers end far below this one.
    ['is gone', `${2 ** 30} 1`],
    ['had its number given to another', `${process.pid} 1`]
  ])('the lock of a process that %s is taken over', async (_, holder) => {
    const path = join(await temporaryFolder(), 'lock')
    writeFileSync(path, holder)
    const release = await takeLock(path, () => expect.unreachable())
    release()
    expect(existsSync(path)).toBe(false)
  })

  test('a process that ended counts as gone before its parent has asked after it', async () => {
    const child = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'])
    onTestFinished(() => void child.kill())
    const pid = await new Promise<number>((resolve) =>
      child.stdout.once('data', (text) => resolve(Number(text)))
    )
    await vi.waitFor(() => expect(startOf(pid)).toBeNull(), { timeout: 30_000 })
  })
})
