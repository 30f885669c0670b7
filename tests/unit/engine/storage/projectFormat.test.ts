import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Project } from '#engine/storage/project'
import { parseProject } from '#engine/storage/projectFormat'
import { temporaryFolder } from '../../../support/temporaryFolder'

/** A project file as Assay 0.1.0 wrote it in version 1 of the format, after a small study. */
const OLD = 'tests/golden/projects/version-1.assay'

async function oldProject(): Promise<{ folder: string; text: string }> {
  const folder = join(await temporaryFolder(), 'old')
  await mkdir(folder)
  const text = await readFile(OLD, 'utf8')
  await writeFile(join(folder, 'project.assay'), text)
  return { folder, text }
}

/** A file of a version that is not there yet. */
async function newerText(readableFrom: number): Promise<string> {
  const { data } = parseProject(await readFile(OLD, 'utf8'), OLD)
  const [study] = data.studies
  const more = { ...study!, mood: 'hopeful', unit: { ...study!.unit, shape: 'round' } }
  return JSON.stringify({ ...data, version: 5, readableFrom, weather: {}, studies: [more] })
}

test('a project of version 1 is brought to this version; its records as they were are kept', async () => {
  const { folder, text } = await oldProject()
  const project = await Project.open(folder)
  expect([project.studies.map(({ name }) => name), project.runs.length]).toEqual([['small'], 4])
  await project.close()
  const stored = JSON.parse(await readFile(join(folder, 'project.assay'), 'utf8')) as unknown
  expect(stored).toMatchObject({ version: 4, readableFrom: 4, isBundle: false })
  expect(await readFile(join(folder, 'project.version-1.assay-backup'), 'utf8')).toBe(text)
  const again = await Project.open(folder)
  expect(again.runs).toEqual(project.runs)
  await again.close()
})

test('who only looks at an old project changes nothing', async () => {
  const { folder, text } = await oldProject()
  expect((await Project.open(folder, { readOnly: true })).corpora.length).toBe(2)
  expect(await readdir(folder)).toEqual(['project.assay'])
  expect(await readFile(join(folder, 'project.assay'), 'utf8')).toBe(text)
})

test('a newer file that says it can be read is read without what is unknown, and not written', async () => {
  const { folder } = await oldProject()
  const text = await newerText(2)
  await writeFile(join(folder, 'project.assay'), text)
  await expect(Project.open(folder)).rejects.toMatchObject({ code: 'storage/read-only' })
  const project = await Project.open(folder, { readOnly: true })
  expect(project.readOnlyBecause).toContain('newer Assay (version 5')
  expect(project.studies).toEqual(parseProject(await readFile(OLD, 'utf8'), OLD).data.studies)
  expect(await readFile(join(folder, 'project.assay'), 'utf8')).toBe(text)
  expect(await readdir(folder)).toEqual(['project.assay'])
})

test('a newer file that does not say so is refused', async () => {
  const text = await newerText(5)
  expect(() => parseProject(text, 'p')).toThrowError(
    expect.objectContaining({ code: 'storage/newer-version' })
  )
})
