import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { expect, test } from 'vitest'
import { dropFiles, openWindow, show } from '../support/browserWindow'
import { tinyStudy } from '../support/builtEngine'
import { assayDone } from '../support/commandLine'
import { serveProject } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'
import { tinyDocuments, writeCorpus } from '../support/tinyCorpus'

/** Each runs, or would load something, wherever text is taken for markup, for a link or for a style. */
const PAYLOADS = [
  '<script>owned=1</script>',
  '<img src=x onerror=owned=1>',
  '"><svg onload=owned=1>',
  "' autofocus onfocus='owned=1",
  '</textarea></title></style><script>owned=1</script>',
  'javascript:owned=1',
  '<iframe srcdoc="<script>parent.owned=1</script>">',
  '{{constructor.constructor("owned=1")()}}',
  '${owned=1}',
  '<a href="javascript:owned=1">x</a><style>@import "//evil.example"</style>',
  '<!--<math><mtext></p><script>owned=1</script>-->',
  '\u202e<b>turned</b>\u2066'
]

/** Nothing of what was text came to be an element, ran, or was asked for. */
async function expectText(page: Page, where: string): Promise<void> {
  const found = await page.evaluate(() => ({
    made: [
      ...document.querySelectorAll(
        'body script, iframe, img[src="x"], svg[onload], [onerror], [onfocus], a[href^="javascript"], body style, math'
      )
    ].map((one) => one.outerHTML.slice(0, 200)),
    owned: (globalThis as { owned?: unknown }).owned ?? null
  }))
  expect([where, found]).toEqual([where, { made: [], owned: null }])
}

test('text, fields and names that are markup are shown as what they are, on every screen and in the report', async () => {
  const folder = await temporaryFolder()
  const project = join(folder, 'hostile')
  const study = join(folder, 'study.json')
  await writeFile(study, JSON.stringify(tinyStudy({ name: PAYLOADS[1]!, unit: { sequences: 20 } })))
  const words = tinyDocuments('law', 60, 120)
  const record = (text: string, i: number) => {
    const payload = PAYLOADS[i % PAYLOADS.length]!
    const fields = { title: payload, [payload]: payload, part: PAYLOADS[1 + (i % 2)] }
    return JSON.stringify({ text: `${payload}\n${text}`, ...fields, nested: { author: payload } })
  }
  const corpora = join(folder, 'texts <img src=x onerror=owned=1>')
  await mkdir(corpora)
  const texts = join(corpora, '<img src=x onerror=owned=1>.jsonl')
  await writeFile(texts, words.map(record).join('\n') + '\n')
  await assayDone(['new', project, '--from', study])
  const seed = await writeCorpus(join(folder, 'seed.jsonl'), { seed: 120 })
  await assayDone(['import', project, seed, '--as', 'seed', '--name', 'seed'])
  const keep = ['--keep', 'title', '--name', PAYLOADS[0]!]
  await assayDone(['import', project, texts, '--partition', 'part', ...keep])
  await assayDone(['plan', project])

  const { link } = await serveProject(project)
  const { page, asked, complaints } = await openWindow(link)
  await show(page, 'Catalogue')
  const projectTexts = page.getByRole('grid', { name: 'Texts of the project' })
  await projectTexts.getByRole('gridcell', { name: PAYLOADS[1]!, exact: true }).click()
  const lines = page.getByRole('group', { name: 'Documents' }).locator('tbody tr[aria-rowindex]')
  for (let i = 0; i < PAYLOADS.length / 2; i++) {
    await lines.nth(i).click()
    const shown = page.getByRole('region', { name: 'Text of the document' })
    await shown.getByText(words[2 * i]!.slice(0, 40)).waitFor()
    expect(await shown.innerText()).toContain(PAYLOADS[(2 * i) % PAYLOADS.length]!.slice(0, 12))
    await expectText(page, `document ${i}`)
  }
  for (const tab of ['Token ledger', 'Overlap', 'Held-out domains']) {
    await page.getByRole('tab', { name: tab }).click()
    await expectText(page, tab)
  }
  for (const screen of ['Training', 'Mixtures', 'Evidence']) {
    await show(page, screen)
    await expectText(page, screen)
  }
  await dropFiles(page, [texts])
  const sheet = page.getByRole('dialog', { name: 'Import text' })
  await sheet.getByLabel('text is in').waitFor()
  await expectText(page, 'Import text')
  await page.keyboard.press('Escape')
  expect(complaints).toEqual([])
  const { host } = new URL(link)
  expect(asked.filter((one) => !/^(data|blob):/.test(one) && new URL(one).host !== host)).toEqual(
    []
  )

  const report = join(folder, 'report.html')
  await assayDone(['report', project, '--html', report])
  const html = await readFile(report, 'utf8')
  expect(html).toContain('&lt;img src=x onerror=owned=1&gt;')
  const opened = await openWindow(`file://${report}`)
  await expectText(opened.page, 'report')
  expect(opened.complaints).toEqual([])
})
