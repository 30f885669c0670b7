import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SearchedMixtures } from '#engine'
import { expectAccessible } from '../support/accessibility'
import { newProject, tableRows } from '../support/browserWindow'
import { assayDone } from '../support/commandLine'
import { SHELLS, openShell } from '../support/shells'

/** A project whose branches are trained, and nothing else. */
let folder: string
let trained: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-test-'))
  trained = await newProject(60, { sequential: { choose: { kind: 'random', count: 1 } } }, folder)
  await assayDone(['run', trained])
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test.each(SHELLS)(
  'in the %s: a search finds what the command line finds, says what cannot be kept to, and has its list trained',
  async (name) => {
    const shell = await openShell(name, (projects) =>
      cp(trained, join(projects, 'languages'), { recursive: true })
    )
    const { page } = shell
    const project = join(shell.projects, 'languages')
    await shell.open('languages')
    await page.locator('[data-mixture]').first().waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('d')
    await page.getByRole('heading', { name: 'Which should I train on?' }).waitFor()
    const field = (label: string) => page.getByRole('spinbutton', { name: label, exact: true })
    const search = () => page.getByRole('button', { name: 'Search', exact: true }).click()
    await expectAccessible(page, 'Decide, nothing found yet')

    // A ceiling that nothing keeps to is said beside the ceilings.
    const ceiling = field('Loss of law at most, nats per token')
    await ceiling.fill('0.1')
    await search()
    await page.getByRole('alert').getByText('law is to cost at most 0.1').waitFor()
    expect(await ceiling.getAttribute('aria-invalid')).toBe('true')
    await expectAccessible(page, 'Decide, infeasible')
    await ceiling.fill('')

    // A weighting, a second one, bounds; by keyboard.
    await field('Weight of code').fill('')
    await field('Weight of mail').fill('2')
    await page.getByRole('checkbox', { name: 'a second target' }).check()
    await field('Weight of code in the second target').fill('1')
    await field('Largest share of mail, percent').fill('60')
    await field('How many of the best are merged and measured').fill('2')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Train these' }).waitFor()
    const told = (await shell.copy(page.getByRole('button', { name: 'Copy search as CSV' })))
      .split('\r\n')
      .map((line) => line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/))
    const place = (column: string) => told[0]!.indexOf(column)
    await expectAccessible(page, 'Decide, found')

    // The front is read by arrow keys, and saved with both axes.
    await page.getByRole('img', { name: /Two targets/ }).focus()
    await page.keyboard.press('End')
    await page.getByText(/nats per token, confirmed/).waitFor()

    const flags = ['--target', 'law=1,mail=2', '--pareto', 'code=1', '--share-at-most', 'mail=0.6']
    const domains = told[0]!.filter((head) => /^loss .*_choose$/.test(head)).length
    const own = JSON.parse(
      await assayDone(['search', project, '--json', ...withOthers(told[0]!, flags)])
    ) as SearchedMixtures
    expect(domains).toBe(Object.keys(own.best[0]!.domains).length)
    own.best.forEach((one, i) => {
      const row = told[i + 1]!
      expect([row[place('list')], row[place('mixture')]]).toEqual([String(i + 1), one.mixture])
      expect(Number(row[place('target_confirm')])).toBe(one.target.confirm)
      expect(Number(row[place('second_choose')])).toBe(one.second!.choose)
    })
    const front = told.filter((row) => row[place('list')] === 'front')
    expect(front.map((row) => row[place('mixture')])).toEqual(
      own.front.map(({ mixture }) => mixture)
    )
    // The merge's loss is that of the measurements.
    expect(told[1]![place('merge_confirm')]).not.toBe('')
    expect(told[3]![place('merge_confirm')]).toBe('')

    // What is told to be trained is trained, and named so.
    await page.getByRole('button', { name: 'Train these' }).click()
    await page.getByText('to be trained for real: the study runs').waitFor()
    await page.getByRole('button', { name: 'Stop' }).waitFor()
    await page.getByRole('button', { name: 'Run study' }).waitFor({ timeout: 120_000 })
    await shell.quitClean()
    const runs = await tableRows(project, 'runs')
    const why = runs.filter(({ role }) => role === 'sequential').map((row) => row['chosen_by'])
    expect(why.filter((one) => one === 'top').length).toBeGreaterThan(1)
    const kept = JSON.parse(await readFile(join(project, 'project.assay'), 'utf8')) as {
      studies: { sequential: { top: string[]; added: string[] } }[]
    }
    expect(kept.studies[0]!.sequential.added).toEqual([])
    expect(kept.studies[0]!.sequential.top.length).toBeGreaterThan(1)
  },
  240_000
)

/** The flags with the weights that the window gave to all other domains. */
function withOthers(head: readonly string[], flags: string[]): string[] {
  const names = head.flatMap((one) => /^loss (.*)_choose$/.exec(one)?.[1] ?? [])
  const others = names.filter((name) => !['law', 'mail', 'code'].includes(name))
  return [...flags, ...others.flatMap((name) => ['--target', `${name}=1`])]
}
