/**
 * `npm run pictures -- PROJECT TEXT.jsonl`: pictures of every screen, light and dark, into docs/pictures.
 *
 * PROJECT is copied and left alone; the present pictures are of the demo's study. Where a Slurm cluster answers
 * (`sinfo`), a few runs of a changed study are submitted to it and cancelled again, for pictures of the cluster
 * and its nodes; elsewhere those stay as they are.
 */
import { spawn, spawnSync } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from '@playwright/test'
import { smallPng } from './pictures/smallPng.mjs'
import { servedLink } from './servedLink.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const cli = join(root, 'out', 'main', 'cli.cjs')
const folder = join(root, 'docs', 'pictures')
const SCREENS = ['Catalogue', 'Training', 'Mixtures', 'Evidence', 'What-if', 'Decide', 'Models']
const SCHEMES = /** @type {const} */ (['light', 'dark'])
const SIZE = { width: 1400, height: 900 }
/** Time for curves, intervals and counts to come in, in ms. */
const SETTLE_MS = 5000
/** Time for elements of the cluster to begin, in ms. */
const BEGIN_MS = 60_000
/**
 * What still serves: it is ended where a picture fails.
 *
 * @type {Set<import('node:child_process').ChildProcess>}
 */
const served = new Set()
/** Answers where there is a cluster. */
const NODES_CLIENT = 'sinfo'
const CLUSTER = {
  kind: 'slurm',
  gres: 'gpu:1',
  timeMinutes: 30,
  mostAtOnce: 8,
  pollSeconds: 10,
  setup: ['ulimit -c 0', 'export OMP_NUM_THREADS=1'],
  options: ['--nice=100']
}

/** @typedef {import('@playwright/test').Page} Page */
/** @typedef {'light' | 'dark'} Scheme */

/**
 * @param {string} projects folder that is served
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<{ link: string, end: () => Promise<void> }>}
 */
async function serve(projects, environment) {
  const child = spawn(process.execPath, [cli, 'serve', '--projects', projects], {
    env: environment
  })
  served.add(child)
  child.once('exit', () => served.delete(child))
  child.stderr.pipe(process.stderr)
  const ended = new Promise((done) => child.once('exit', done))
  const end = async () => {
    child.kill('SIGINT')
    await ended
  }
  return { link: await servedLink(child), end }
}

/**
 * @param {string[]} words
 * @param {NodeJS.ProcessEnv} environment
 */
function assay(words, environment) {
  const called = spawnSync(process.execPath, [cli, ...words], {
    env: environment,
    encoding: 'utf8'
  })
  if (called.status !== 0) throw new Error(`assay ${words.join(' ')}: ${called.stderr}`)
  return called.stdout
}

/**
 * @param {import('@playwright/test').Browser} browser
 * @param {string} link
 * @param {Scheme} scheme
 */
async function openPage(browser, link, scheme) {
  const page = await browser.newPage({ viewport: SIZE, colorScheme: scheme })
  /** Decodes pictures: the window's own page may load none. */
  const decoder = await browser.newPage()
  /** @param {string} name */
  const take = async (name) => {
    const png = (await page.screenshot()).toString('base64')
    /** @type {{ width: number, height: number, pixels: string }} */
    const { width, height, pixels } = await decoder.evaluate(`(${DECODED})('${png}')`)
    const file = join(folder, `${name}-${scheme}.png`)
    await writeFile(file, smallPng(width, height, Buffer.from(pixels, 'base64')))
  }
  await page.goto(link)
  return { page, take }
}

/** Runs in a page: a PNG in base64 to its pixels, in base64 too. */
const DECODED = `async (png) => {
  const bytes = Uint8Array.from(atob(png), (one) => one.charCodeAt(0))
  const image = await createImageBitmap(new Blob([bytes]))
  const { width, height } = image
  const context = new OffscreenCanvas(width, height).getContext('2d')
  context.drawImage(image, 0, 0)
  const { data } = context.getImageData(0, 0, width, height)
  let text = ''
  for (let at = 0; at < data.length; at += 32768) {
    text += String.fromCharCode(...data.subarray(at, at + 32768))
  }
  return { width, height, pixels: btoa(text) }
}`

/**
 * @param {import('@playwright/test').Browser} browser
 * @param {string} link
 * @param {string} title of the project
 * @param {string} text a file to show the import of
 * @param {Scheme} scheme
 */
async function takeAll(browser, link, title, text, scheme) {
  const { page, take } = await openPage(browser, link, scheme)
  await page.getByRole('button', { name: `Open ${title}`, exact: true }).waitFor()
  await take('start')
  await page.getByRole('button', { name: `Open ${title}`, exact: true }).click()
  for (const screen of SCREENS) {
    await page.getByRole('button', { name: screen, exact: true }).click()
    await page.waitForTimeout(SETTLE_MS)
    // The panels stand below the intervals.
    if (screen === 'Evidence') {
      await page.getByText(/ranks mixtures at/).waitFor()
      await page.setViewportSize({ ...SIZE, height: 1300 })
    }
    await take(screen.toLowerCase())
    await page.setViewportSize(SIZE)
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
  await page.keyboard.type('check the files')
  await page.keyboard.press('Enter')
  await page.getByText(/files, .*(all sound|damaged)/).waitFor({ timeout: 60_000 })
  await take('check-files')
  await page.close()
}

/**
 * The study as it would run on a cluster, and what it has there.
 *
 * @param {import('@playwright/test').Browser} browser
 * @param {string} project its folder
 * @param {string} projects folder that is served
 * @param {NodeJS.ProcessEnv} environment
 */
async function takeCluster(browser, project, projects, environment) {
  const study = JSON.parse(assay(['study', project], environment))
  // Another rate makes other branches, of the same seed and text.
  const branch = { ...study.branch, peakLearningRate: study.branch.peakLearningRate / 2 }
  const file = join(projects, 'study.json')
  await writeFile(
    file,
    JSON.stringify({ ...study, name: 'on-the-cluster', branch, executor: CLUSTER })
  )
  assay(['study', project, '--from', file], environment)
  await rm(file)
  const { link, end } = await serve(projects, environment)
  /** @param {Scheme} scheme */
  const openStudy = async (scheme) => {
    const opened = await openPage(browser, link, scheme)
    const { page } = opened
    await page.getByRole('button', { name: `Open ${basename(project)}`, exact: true }).click()
    await page.getByRole('combobox', { name: /^study/ }).selectOption('on-the-cluster')
    await page.getByRole('button', { name: 'Training', exact: true }).click()
    return opened
  }
  for (const scheme of SCHEMES) {
    const { page, take } = await openStudy(scheme)
    await page.keyboard.press('Control+e')
    await page.getByText('The script that would be submitted').click()
    await page.getByText('Where it runs').evaluate((one) => one.scrollIntoView())
    await page.waitForTimeout(500)
    await take('study-where')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Commands', exact: true }).click()
    await page.getByText('Nothing that comes over a network').waitFor()
    await take('commands')
    await page.close()
  }
  const words = ['cluster', 'script', project, '--study', 'on-the-cluster', '--trust-commands']
  assay(words, environment)
  if (spawnSync(NODES_CLIENT, ['-h'], { env: environment }).status === 0) {
    await takeElements(openStudy)
  } else {
    console.error('No Slurm answers here: pictures of the cluster and of devices stay as they are.')
  }
  await end()
}

/** @param {(scheme: Scheme) => Promise<{ page: Page, take: (name: string) => Promise<void> }>} openStudy */
async function takeElements(openStudy) {
  for (const scheme of SCHEMES) {
    const { page, take } = await openStudy(scheme)
    const openDevices = async () => {
      await page.getByRole('button', { name: 'Devices', exact: true }).click()
      await page.getByText('GFLOP/s').waitFor({ timeout: BEGIN_MS })
    }
    // Measured before the study runs: rates beside it are refused.
    await openDevices()
    await page.keyboard.press('Escape')
    const run = page.getByRole('button', { name: 'Run study' })
    if ((await run.count()) > 0) await run.click()
    await page.getByRole('button', { name: 'Cluster', exact: true }).click()
    const elements = page.getByRole('grid', { name: 'Elements on the cluster' })
    const running = elements.getByRole('row').filter({ hasText: 'runs' })
    await running.first().waitFor({ timeout: BEGIN_MS })
    await running.first().click()
    await page.waitForTimeout(SETTLE_MS)
    await take('cluster')
    // The first takes the selection back, the second closes the sheet.
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await openDevices()
    await page.waitForTimeout(SETTLE_MS)
    await take('devices')
    await page.keyboard.press('Escape')
    if (scheme === SCHEMES.at(-1)) {
      await page.getByRole('button', { name: 'Stop', exact: true }).click()
      await run.waitFor({ timeout: BEGIN_MS })
    }
    await page.close()
  }
}

const [project, text] = process.argv.slice(2)
if (!project || !text) {
  console.error('usage: npm run pictures -- PROJECT TEXT.jsonl')
  process.exitCode = 2
} else {
  // A copy: opening a project writes its lock.
  const around = await mkdtemp(join(tmpdir(), 'assay-pictures-'))
  const projects = join(around, 'projects')
  const title = basename(resolve(project))
  await cp(project, join(projects, title), { recursive: true })
  // What is confirmed for the pictures is not kept for the user.
  const environment = { ...process.env, XDG_CONFIG_HOME: join(around, 'config') }
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox']
  })
  try {
    const { link, end } = await serve(projects, environment)
    for (const scheme of SCHEMES) {
      await takeAll(browser, link, title, resolve(text), scheme)
    }
    await end()
    await takeCluster(browser, join(projects, title), projects, environment)
  } finally {
    await browser.close()
    for (const child of served) child.kill('SIGINT')
    await rm(around, { recursive: true })
  }
}
