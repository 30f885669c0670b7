/**
 * `npm run pictures -- PROJECT`: pictures of every screen, light and dark, into docs/pictures.
 *
 * PROJECT is copied and left alone; the present pictures are of the demo's study.
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from '@playwright/test'
import { servedLink } from './servedLink.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'docs', 'pictures')
const SCREENS = ['Catalogue', 'Training', 'Mixtures', 'Evidence', 'What-if', 'Decide', 'Models']
/** Time for curves, intervals and counts to come in, in ms. */
const SETTLE_MS = 5000

/**
 * @param {string} projects folder that is served
 * @returns {Promise<{ link: string, end: () => void }>}
 */
async function serve(projects) {
  const cli = join(root, 'out', 'main', 'cli.cjs')
  const child = spawn(process.execPath, [cli, 'serve', '--projects', projects])
  child.stderr.pipe(process.stderr)
  return { link: await servedLink(child), end: () => child.kill('SIGINT') }
}

/**
 * @param {import('@playwright/test').Browser} browser
 * @param {string} link
 * @param {string} title of the project
 * @param {string} text a file to show the import of
 * @param {'light' | 'dark'} scheme
 */
async function takeAll(browser, link, title, text, scheme) {
  const size = { width: 1400, height: 900 }
  const page = await browser.newPage({ viewport: size, colorScheme: scheme })
  /** @param {string} name */
  const take = (name) => page.screenshot({ path: join(folder, `${name}-${scheme}.png`) })
  await page.goto(link)
  await page.getByRole('button', { name: `Open ${title}`, exact: true }).waitFor()
  await take('start')
  await page.getByRole('button', { name: `Open ${title}`, exact: true }).click()
  for (const screen of SCREENS) {
    await page.getByRole('button', { name: screen, exact: true }).click()
    await page.waitForTimeout(SETTLE_MS)
    // The panels stand below the intervals.
    if (screen === 'Evidence') {
      await page.getByText(/ranks mixtures at/).waitFor()
      await page.setViewportSize({ ...size, height: 1300 })
    }
    await take(screen.toLowerCase())
    await page.setViewportSize(size)
  }
  await page.keyboard.press('Control+e')
  await page.waitForTimeout(500)
  await take('study')
  await page.keyboard.press('Escape')
  await page.getByLabel('Files of text').setInputFiles(text)
  await page.getByText('Shown is what the first').waitFor()
  await page.waitForTimeout(500)
  await take('import')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.waitForTimeout(300)
  await take('palette')
  await page.close()
}

const [project, text] = process.argv.slice(2)
if (!project || !text) {
  console.error('usage: npm run pictures -- PROJECT TEXT.jsonl')
  process.exitCode = 2
} else {
  // A copy: opening a project writes its lock.
  const projects = await mkdtemp(join(tmpdir(), 'assay-pictures-'))
  const title = basename(resolve(project))
  await cp(project, join(projects, title), { recursive: true })
  const { link, end } = await serve(projects)
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox']
  })
  for (const scheme of /** @type {const} */ (['light', 'dark'])) {
    await takeAll(browser, link, title, resolve(text), scheme)
  }
  await browser.close()
  end()
  await rm(projects, { recursive: true })
}
