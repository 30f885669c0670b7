import { expect, test } from 'vitest'
import { TABLES, fromCsv } from '#engine/studies/tables'
import {
  firstRun,
  matrixCell,
  newProject,
  openWindow,
  runStudy,
  show,
  tableRows
} from '../support/browserWindow'
import { expectAccessible } from '../support/accessibility'
import { assayDone } from '../support/commandLine'
import { holdWorkers } from '../support/heldWorkers'
import { serveProject } from '../support/servedProject'
import { openTunnel } from '../support/tunnel'

test('a study is run and read in the window; what it shows is what is exported', async () => {
  const project = await newProject()
  const { link } = await serveProject(project)
  const { page, asked, complaints } = await openWindow(link)
  await page.getByText('No mixture is measured yet').waitFor()
  await show(page, 'Catalogue')
  await page.getByText('The text is not prepared yet').waitFor()
  await runStudy(page)

  await page.getByRole('gridcell', { name: 'law', exact: true }).first().waitFor()
  await show(page, 'Training')
  await page.getByRole('slider', { name: /Last training loss: code#1/ }).waitFor()
  const states = async () => {
    const texts = await page.locator('tr[data-state] .state').allInnerTexts()
    return new Set(texts.map((text) => text.trim()))
  }
  await expect.poll(states).toEqual(new Set(['done']))

  const pairs = (await tableRows(project, 'pairs')).filter((row) => row['proxy'] === 'merge-micro')
  await show(page, 'Mixtures')
  await page.getByLabel('shown as').selectOption('value')
  const both = pairs.find((row) => row['mixture'] === 'code+law' && row['domain'] === 'law')!
  await (await matrixCell(page, 'code+law', 'law')).hover()
  await page.getByText(`code+law on law: ${String(both['proxy_perplexity'])} perplexity`).waitFor()
  expect(await page.locator('[data-mixture]').count()).toBe(7)
  await page.getByRole('button', { name: 'mail', exact: true }).first().click()
  expect(await page.locator('[data-mixture]').count()).toBe(4)

  await page.getByRole('grid', { name: 'Mixtures' }).focus()
  for (let i = 0; i < 9; i++) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  await page.getByText('Picked: law+mail', { exact: true }).waitFor()

  await show(page, 'Evidence')
  const picked = page.locator('path.dot.picked').first()
  expect(await picked.getAttribute('data-mixture')).toBe('law+mail')
  const evidence = pairs.filter((row) => row['domain'] === 'law' && row['evidence'] === 'yes')
  const panel = page.locator('figure', { has: page.getByText('law', { exact: true }) })
  expect(await panel.locator('path.dot').count()).toBe(evidence.length)
  await page.getByRole('button', { name: 'Copy pairs as CSV' }).click()
  await page.getByText('Copied').waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  expect(fromCsv(TABLES.find(({ name }) => name === 'pairs')!.columns, copied)).toEqual(
    await tableRows(project, 'pairs')
  )

  expect(complaints).toEqual([])
  const { host } = new URL(link)
  expect(asked.filter((url) => new URL(url).host !== host)).toEqual([])
})

test('an engine that is killed amid training is said to be gone; served again, the study goes on', async () => {
  const project = await newProject()
  const { link, child } = await serveProject(project)
  const { page } = await openWindow(link)
  await page.getByRole('button', { name: 'Run study' }).click()
  await firstRun(project)
  const end = await holdWorkers(child.pid!)
  // A window that crashes takes nothing with it.
  const crashing = page.waitForEvent('crash')
  void page.goto('chrome://crash').catch(() => undefined)
  await crashing
  const second = await openWindow(link)
  await second.page.getByRole('button', { name: 'Stop' }).waitFor()
  child.kill('SIGKILL')
  // They end once they can tell that their engine is gone.
  end()
  await second.page.getByText('The engine does not answer; trying again.').waitFor()

  const again = await openWindow((await serveProject(project)).link)
  await runStudy(again.page)
  expect(await assayDone(['status', project])).toContain('8 of 8 trained, 0 failed')
})

test('panes are sized by dragging and by keys, the rail is folded, and both are remembered', async () => {
  const { link } = await serveProject(await newProject(), ['--read-only'])
  const { page, complaints } = await openWindow(link)
  await show(page, 'Catalogue')
  const splitter = page.getByRole('separator', { name: 'Width of the list of documents' })
  const list = page.getByRole('grid', { name: 'Documents' })
  const widthOf = async (one: typeof list) => (await one.boundingBox())!.width
  const first = await widthOf(list)
  const { x, y, height } = (await splitter.boundingBox())!
  await page.mouse.move(x + 4, y + height / 2)
  await page.mouse.down()
  await page.mouse.move(x - 196, y + height / 2, { steps: 4 })
  await page.mouse.up()
  const dragged = await widthOf(list)
  expect(first - dragged).toBeGreaterThan(190)
  expect(first - dragged).toBeLessThan(210)
  await splitter.focus()
  await page.keyboard.press('ArrowLeft')
  expect(await widthOf(list)).toBeLessThan(dragged)
  const now = await splitter.getAttribute('aria-valuenow')

  const rail = page.getByRole('navigation', { name: 'Screens' })
  const wide = await widthOf(rail)
  const railSplitter = page.getByRole('separator', { name: 'Width of the list of screens' })
  await railSplitter.focus()
  await page.keyboard.press('End')
  expect(await widthOf(rail)).toBeGreaterThan(wide + 100)
  await page.keyboard.press('Control+b')
  expect(await widthOf(rail)).toBeLessThan(40)
  await page.reload()
  await page.getByRole('heading', { name: 'What have I got?' }).waitFor()
  expect(await widthOf(rail)).toBeLessThan(40)
  await splitter.waitFor()
  expect(await splitter.getAttribute('aria-valuenow')).toBe(now)
  await expectAccessible(page, 'Catalogue')

  await splitter.dblclick()
  expect(await splitter.getAttribute('aria-valuenow')).toBe('50')
  await page.getByRole('button', { name: 'Show names of screens' }).click()
  expect(await widthOf(rail)).toBeGreaterThan(wide + 100)
  await railSplitter.dblclick()
  expect(await widthOf(rail)).toBe(wide)
  expect(complaints).toEqual([])
})

test('a link through a tunnel that breaks is said to be lost, and comes back', async () => {
  const { link } = await serveProject(await newProject())
  const { port, hash } = new URL(link)
  const tunnel = await openTunnel(Number(port))
  const { page } = await openWindow(`http://127.0.0.1:${tunnel.port}/${hash}`)
  await page.getByText('No mixture is measured yet').waitFor()
  await tunnel.breakOff()
  const lost = page.getByText('The engine does not answer; trying again.')
  await lost.waitFor()
  await tunnel.mend()
  await lost.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Run study' }).click()
  await page.getByRole('button', { name: 'Stop' }).waitFor()
})
