import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { expect, test } from 'vitest'
import { matrixCell, openWindow, show, tableRows } from '../support/browserWindow'
import { assayDone } from '../support/commandLine'
import { serveProject } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'

test('a study made from a table shows its values and its scatter, and offers nothing to run', async () => {
  const project = join(await temporaryFolder(), 'sweep')
  await assayDone(['import-table', project, 'tests/golden/tables/long.csv'])
  const expected = JSON.parse(await readFile('tests/golden/tables/expected.json', 'utf8')) as {
    all: Record<string, { n: number; spearman: number }>
  }
  const { link } = await serveProject(project)
  const { page, complaints } = await openWindow(link)

  await show(page, 'Mixtures')
  await page.getByLabel('shown as').selectOption('value')
  const cell = await matrixCell(page, 'm00', 'wiki')
  const row = (await tableRows(project, 'measurements')).find(
    (one) => one['model'] === 'proxy m00' && one['domain'] === 'wiki'
  )!
  await cell.hover()
  await page.getByText(`m00 on wiki: ${String(row['perplexity'])} perplexity (proxy)`).waitFor()
  await page.getByLabel('values of').selectOption('sequential')
  await (await matrixCell(page, 'm04', 'wiki')).hover()
  await page.getByText('m04 on wiki: not measured. The tables do not hold it.').waitFor()

  await show(page, 'Evidence')
  await page.getByLabel('statistics over').selectOption('all')
  for (const [domain, { n, spearman }] of Object.entries(expected.all)) {
    const panel = page.locator(`[id="panel-${domain}"]`)
    await expect.poll(() => panel.locator('path.dot').count()).toBe(n)
    await panel.getByText(`ρ ${spearman.toFixed(2)}`).waitFor()
  }

  await show(page, 'Catalogue')
  await page.getByText('The study was made from tables of weights and losses: it has').waitFor()
  await show(page, 'Training')
  await page.getByText('what was trained for them was trained elsewhere').waitFor()
  for (const name of ['Run study', 'Edit study', 'Import text', 'Train sequentially']) {
    expect([name, await page.getByRole('button', { name }).count()]).toEqual([name, 0])
  }
  await page.getByText('without text and runs: it can be read but not changed or run').waitFor()

  for (const screen of ['Catalogue', 'Training', 'Mixtures', 'Evidence']) {
    await show(page, screen)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const found = await new AxeBuilder({ page }).analyze()
      const violations = found.violations.map(({ id, nodes }) => [id, nodes[0]?.html])
      expect([screen, colorScheme, violations]).toEqual([screen, colorScheme, []])
    }
  }
  expect(complaints).toEqual([])
})
