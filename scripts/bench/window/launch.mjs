/** From a command to the first rows of a project on the screen: served, and as a desktop program. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDisplay } from '../../display.mjs'
import { servedLink } from '../../servedLink.mjs'
import { electronFolder, isElectronLaid } from '../../setup/electron.mjs'
import { ELECTRON } from '../../setup/pins.mjs'
import { findProgram, mustRun } from '../../setup/run.mjs'
import { cacheFolder } from '../../setup/wheels.mjs'

const ROUNDS = 5
const ADVICE = 'Run it by itself to see more.'
/** A row of the matrix: with the first of them there is something to work with. */
const FIRST_ROW = '[data-mixture]'

/** Partitions of the small project that is opened. */
const PARTITIONS = ['law', 'code', 'mail', 'sea', 'stars']

/**
 * @typedef {object} Launch
 * @property {string} what
 * @property {number[]} seconds of every round
 */

/**
 * Makes a small project of text made up here, run to its end.
 *
 * @param {string} root
 * @param {string} folder
 */
async function makeProject(root, folder) {
  const project = join(folder, 'small')
  const study = join(folder, 'study.json')
  const recipe = { batchSize: 4, peakLearningRate: 3e-3, schedule: 'constant' }
  const model = { hiddenSize: 16, hiddenLayers: 2, attentionHeads: 2, keyValueHeads: 2 }
  writeFileSync(
    study,
    JSON.stringify({
      version: 1,
      name: 'small',
      tokenizer: { kind: 'train', vocabularySize: 280 },
      model: { ...model, intermediateSize: 32, contextLength: 16 },
      seed: { source: 'text', corpus: 'seed', tokenBudget: 3200, recipe },
      branch: recipe,
      unit: { sequences: 40, maximum: 1, tooSmall: 'short' },
      holdOut: { share: 0.15 },
      mixtures: { over: 'partitions', choose: { kind: 'all' } },
      sequential: { choose: { kind: 'random', count: 6 } }
    })
  )
  const seed = join(folder, 'seed.jsonl')
  const parts = join(folder, 'parts.jsonl')
  writeFileSync(seed, textOf(['seed'], 120))
  writeFileSync(parts, textOf(PARTITIONS, 60))
  const orders = [
    ['new', project, '--from', study],
    ['import', project, seed, '--as', 'seed', '--name', 'seed'],
    ['import', project, parts, '--partition', 'part'],
    ['run', project]
  ]
  for (const order of orders) {
    const args = [join(root, 'out', 'main', 'cli.cjs'), ...order]
    await mustRun(`assay ${order[0]}`, ADVICE, process.execPath, args)
  }
  return project
}

/**
 * Documents as JSON lines; each partition has words of its own.
 *
 * @param {string[]} partitions
 * @param {number} count of documents in each
 */
function textOf(partitions, count) {
  const lines = partitions.flatMap((part) =>
    Array.from({ length: count }, (_, i) => {
      const words = Array.from({ length: 60 }, (_, w) => `${part}${(i * 31 + w * w * 7) % 211}`)
      return JSON.stringify({ text: words.join(' '), part })
    })
  )
  return lines.join('\n') + '\n'
}

/**
 * @param {import('@playwright/test').Browser} browser
 * @param {string} root
 * @returns {Promise<Launch[]>} the desktop's only where the tests' Electron and Xvfb are at hand
 */
export async function measureLaunch(browser, root) {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'))
  try {
    const project = await makeProject(root, folder)
    const served = await repeated(() => launchServed(browser, root, project))
    const found = [
      {
        what: '`assay serve`, from the command to the first rows in a Chromium that is open',
        seconds: served
      }
    ]
    const electron = electronFolder(cacheFolder())
    if (!isElectronLaid(electron) || !findProgram('Xvfb')) return found
    const display = await openDisplay()
    try {
      const program = join(electron, 'electron')
      let round = 0
      const seconds = await repeated(() => {
        const settings = join(folder, `settings-${round++}`)
        mkdirSync(settings)
        return launchDesktop(root, project, { program, settings, screen: display.screen })
      })
      const what = `the desktop, from the command to the first rows (the tests’ Electron ${ELECTRON.version})`
      return [...found, { what, seconds }]
    } finally {
      display.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {() => Promise<number>} measure */
async function repeated(measure) {
  /** @type {number[]} */
  const found = []
  for (let round = 0; round < ROUNDS; round++) found.push(await measure())
  return found
}

/**
 * @param {import('@playwright/test').Browser} browser
 * @param {string} root
 * @param {string} project
 */
async function launchServed(browser, root, project) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } })
  const page = await context.newPage()
  const begun = performance.now()
  const cli = join(root, 'out', 'main', 'cli.cjs')
  const child = spawn(process.execPath, [cli, 'serve', project, '--read-only'], {
    stdio: ['ignore', 'pipe', 'ignore']
  })
  const ended = new Promise((done) => child.once('exit', done))
  try {
    await page.goto(await servedLink(child))
    await page.locator(FIRST_ROW).first().waitFor()
    return (performance.now() - begun) / 1000
  } finally {
    child.kill('SIGINT')
    await ended
    await context.close()
  }
}

/**
 * @param {string} root
 * @param {string} project
 * @param {{ program: string, settings: string, screen: string }} desktop
 */
async function launchDesktop(root, project, { program, settings, screen }) {
  const { _electron } = await import('@playwright/test')
  const { NODE_OPTIONS: _, ...inherited } = process.env
  // What the tests' Electron lacks, as docs/decisions/0005 says.
  const older = join(root, 'tests', 'support', 'node16.cjs')
  const begun = performance.now()
  const app = await _electron.launch({
    executablePath: program,
    args: ['--no-sandbox', '--disable-gpu', '-r', older, root, project],
    env: /** @type {Record<string, string>} */ ({
      ...inherited,
      DISPLAY: screen,
      ASSAY_USER_DATA: settings
    })
  })
  try {
    const page = await app.firstWindow()
    await page.locator(FIRST_ROW).first().waitFor()
    return (performance.now() - begun) / 1000
  } finally {
    await app.close()
  }
}
