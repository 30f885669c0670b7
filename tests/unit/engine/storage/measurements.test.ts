/** Measurements: lines that name documents in a binary file beside them, and lines that hold their own. */
import fc from 'fast-check'
import { readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { verifyProject } from '#engine'
import { MeasurementLineSchema, Measurements, lineOf } from '#engine/storage/measurements'
import { Project } from '#engine/storage/project'
import { sealedLine } from '#engine/storage/seals'
import { temporaryFolder } from '../../../support/temporaryFolder'

const measured = (model: string, domain: string, nats: number[]) => ({
  model,
  domain,
  definition: 'x',
  nats
})
const three = [
  measured('m', 'd', [0.1, 1 / 3]),
  measured('m', 'e', []),
  measured('n', 'd', [Number.MIN_VALUE, 1e300, -0])
]

async function stored(folder: string, all = three): Promise<void> {
  const measurements = await Measurements.open(folder)
  await measurements.add(all)
  await measurements.close()
}

async function readBack(folder: string) {
  const measurements = await Measurements.open(folder, { readOnly: true })
  const found = three.map(({ model, domain }) => measurements.find(model, domain, 'x'))
  await measurements.close()
  return { size: measurements.size, found }
}

async function projectWith(): Promise<{ folder: string; lines: string; values: string }> {
  const folder = join(await temporaryFolder(), 'project')
  await (await Project.create(folder)).close()
  await stored(folder)
  const path = (name: string) => join(folder, name)
  return { folder, lines: path('measurements.jsonl'), values: path('measurements.f64') }
}

test('what is added comes back bit for bit, and what is asked without reading is known', async () => {
  const folder = await temporaryFolder()
  await stored(folder, three.slice(0, 1))
  await stored(folder, three.slice(1))
  expect(await readBack(folder)).toEqual({ size: 3, found: three })
  const measurements = await Measurements.open(folder, { readOnly: true })
  expect([measurements.has('m', 'd', 'x'), measurements.has('m', 'd', 'y')]).toEqual([true, false])
  expect(measurements.totalOf('m', 'd', 'x')).toBe(0.1 + 1 / 3)
  expect(measurements.totalOf('m', 'd', 'y')).toBe(null)
  expect(measurements.find('o', 'd', 'x')).toBe(null)
  await expect(measurements.add(three)).rejects.toThrow('read-only')
  await expect(stored(folder, [measured('m', 'z', [NaN])])).rejects.toThrow('no numbers')
})

test('any numbers come back, whatever else is stored, in any order of asking', async () => {
  const nats = fc.array(fc.double({ min: -1e300, max: 1e300, noNaN: true }), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(fc.array(nats, { maxLength: 12 }), fc.nat(), async (all, turn) => {
      const folder = await temporaryFolder()
      await stored(
        folder,
        all.map((one, i) => measured(`m${i}`, 'd', one))
      )
      const measurements = await Measurements.open(folder, { readOnly: true })
      for (let i = 0; i < all.length; i++) {
        const at = (i * 7 + turn) % all.length
        expect(measurements.find(`m${at}`, 'd', 'x')?.nats).toEqual(all[at])
      }
      await measurements.close()
    }),
    { numRuns: 20 }
  )
})

test('lines of earlier versions hold their documents themselves, and go on being read', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'measurements.jsonl')
  const old = [JSON.stringify(three[0]), sealedLine(three[1]!)]
  await writeFile(path, old.map((line) => line + '\n').join(''))
  await stored(folder, three.slice(2))
  expect(await readBack(folder)).toEqual({ size: 3, found: three })
  expect((await readFile(path, 'utf8')).startsWith(old.join('\n'))).toBe(true)
})

test('a project whose last write was cut off anywhere has what was stored before', async () => {
  const { folder, lines, values } = await projectWith()
  const [line, bytes] = [(await stat(lines)).size, (await stat(values)).size]
  await stored(folder, [measured('late', 'd', [1, 2, 3])])
  const [all, documents] = [await readFile(lines), await readFile(values)]
  // Documents first: cut off amid them there is no line; amid the line they are all there.
  for (const cut of [bytes, bytes + 1, bytes + 8, bytes + 23]) {
    await writeFile(lines, all.subarray(0, line))
    await writeFile(values, documents.subarray(0, cut))
    expect((await verifyProject(folder)).damaged).toEqual([])
    await stored(folder, [measured('late', 'd', [4, 5])])
    const measurements = await Measurements.open(folder)
    expect(measurements.find('late', 'd', 'x')?.nats).toEqual([4, 5])
    expect(measurements.find('n', 'd', 'x')).toEqual(three[2])
    await measurements.close()
  }
  await writeFile(values, documents)
  await writeFile(lines, all.subarray(0, line + 30))
  await stored(folder, [])
  expect((await verifyProject(folder)).damaged).toEqual([])
  expect((await readBack(folder)).found).toEqual(three)
})

test('every flipped bit of documents is found, where they are read and where all is verified', async () => {
  const { folder, values } = await projectWith()
  const sound = await readFile(values)
  for (let bit = 0; bit < sound.length * 8; bit += 5) {
    const bytes = Buffer.from(sound)
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    await writeFile(values, bytes)
    const { damaged } = await verifyProject(folder)
    expect(damaged.map(({ file }) => file)).toEqual(['measurements.f64'])
  }
  await expect(readBack(folder)).rejects.toMatchObject({
    code: 'storage/corrupt',
    message: expect.stringContaining(values) as unknown
  })
})

test('after a repair what is damaged is measured again, and nothing else', async () => {
  const { folder, lines, values } = await projectWith()
  const before = await readFile(lines, 'utf8')
  const bytes = await readFile(values)
  bytes[3]! ^= 4
  await writeFile(values, bytes)
  const { damaged, movedTo } = await verifyProject(folder, { repair: true })
  expect(damaged).toMatchObject([{ file: 'measurements.f64', isRedone: true }])
  expect(await readFile(join(folder, movedTo!, 'measurements.jsonl'), 'utf8')).toBe(before)
  expect((await verifyProject(folder)).damaged).toEqual([])
  expect((await readBack(folder)).found).toEqual([null, three[1], three[2]])
  await stored(folder, three.slice(0, 1))
  expect(await readBack(folder)).toEqual({ size: 3, found: three })
})

test.each(['cut short', 'missing'])('documents that are %s are refused by name', async (how) => {
  const { folder, values } = await projectWith()
  await (how === 'missing' ? rm(values) : truncate(values, 20))
  await expect(Measurements.open(folder)).rejects.toMatchObject({ code: 'storage/corrupt' })
  const { damaged } = await verifyProject(folder, { repair: true })
  expect(damaged).toMatchObject([{ file: 'measurements.f64' }])
  expect((await verifyProject(folder)).damaged).toEqual([])
  await stored(folder)
  expect((await readBack(folder)).found).toEqual(three)
})

test('a damaged line is set aside, and its documents mean nothing any more', async () => {
  const { folder, lines } = await projectWith()
  await writeFile(lines, (await readFile(lines, 'utf8')).replace('"total"', '"totak"'))
  await expect(Measurements.open(folder)).rejects.toMatchObject({ code: 'storage/corrupt' })
  const { damaged } = await verifyProject(folder, { repair: true })
  expect(damaged.map(({ file }) => file)).toEqual(['measurements.jsonl'])
  expect((await verifyProject(folder)).damaged).toEqual([])
  expect((await readBack(folder)).found[0]).toBe(null)
})

test('the quick look at a line takes what the schema takes, and nothing else', () => {
  const line = { model: 'm', domain: 'd', definition: 'x', at: 3, documents: 2 }
  const whole = { ...line, sha256: '0123456789abcdef', total: 1.5 }
  const odd = fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.double(), fc.nat())
  const changed = fc
    .tuple(fc.constantFrom(...Object.keys(whole), 'more'), odd)
    .map(([key, value]) => ({ ...whole, [key]: value }))
  fc.assert(
    fc.property(fc.oneof(changed, fc.jsonValue()), (value) => {
      const stored = JSON.parse(JSON.stringify(value)) as unknown
      expect(lineOf(stored)).toEqual(MeasurementLineSchema.safeParse(stored).data ?? null)
    })
  )
  expect(lineOf(whole)).toBe(whole)
})
