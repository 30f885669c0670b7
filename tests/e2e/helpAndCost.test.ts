import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Row } from '#engine/studies/tables'
import { expectAccessible } from '../support/accessibility'
import { newProject, show, tableRows } from '../support/browserWindow'
import { assayDone } from '../support/commandLine'
import { SHELLS, openShell } from '../support/shells'

let folder: string
let trained: string
let measured: Row[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-test-'))
  trained = await newProject(60, { sequential: { choose: { kind: 'random', count: 2 } } }, folder)
  await assayDone(['run', trained])
  measured = await tableRows(trained, 'measurements', folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test.each(SHELLS)(
  'in the %s: what helps where is what was measured, read by pointer and keys; costs are those of the runs',
  async (name) => {
    const shell = await openShell(name, (projects) =>
      cp(trained, join(projects, 'languages'), { recursive: true })
    )
    const { page } = shell
    await shell.open('languages')
    await page.locator('[data-mixture]').first().waitFor()
    await show(page, 'Catalogue')
    await page.getByRole('tab', { name: 'What helps where' }).click()
    const map = page.getByRole('group', { name: 'Which data helps where' })
    await map.waitFor()

    // Each partition has one base unit. Each cell is the branch's loss less the seed's, with full digits in what is copied.
    const copied = await shell.copy(page.getByRole('button', { name: 'Copy this map as CSV' }))
    const [head, ...lines] = copied
      .trim()
      .split('\r\n')
      .map((one) => one.split(','))
    const loss = (model: string, domain: string) =>
      Math.log(
        Number(
          measured.find((row) => row['model'] === model && row['domain'] === domain)!['perplexity']
        )
      )
    for (const [unit, , ...cells] of lines) {
      cells.forEach((cell, i) => {
        const domain = head![i + 2]!
        const change = loss(`branch ${unit}#1`, domain) - loss('seed', domain)
        expect(Number(cell)).toBeCloseTo(change, 9)
      })
    }
    expect(lines.map(([unit]) => unit)).toEqual(['code', 'law', 'mail'])

    await map.focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    const sign = Number(lines[1]![3]) < 0 ? 'better' : 'worse'
    await page.getByText(new RegExp(`on ${head![3]}: .* nats per token, ${sign}`)).waitFor()
    await page.getByRole('button', { name: /^law/ }).last().click()
    const first = () => map.locator('tbody tr td').first().innerText()
    await expect.poll(first).toBe('law')
    await expectAccessible(page, 'What helps where')

    await show(page, 'Training')
    await page.getByText('Cost against the number of partitions').click()
    const costs = page.getByRole('table', { name: 'What this study costs' })
    await costs.waitFor()
    const cells = (way: string) =>
      costs
        .getByRole('row', { name: new RegExp(`^${way}`) })
        .locator('td')
        .allInnerTexts()
    expect((await cells('Every subset'))[2]).toBe('8')
    expect((await cells('Really spent'))[2]).toBe('6')
    await page.getByRole('img', { name: /^Training runs/ }).focus()
    await page.keyboard.press('ArrowRight')
    await page.getByText('n = 4: every subset: 2ⁿ − 1 is 15').waitFor()
    await expectAccessible(page, 'Training, costs')
    await shell.quitClean()
  },
  180_000
)
